import { Catch, Injectable, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { ConsoleReply, ConsoleRequest } from '../auth/console-request.js';
import { Redactor } from '../security/redactor.js';
import { setSecurityHeaders } from '../security/security-headers.js';
import { toFailure } from './problem.js';

/** Responds to every error of a console route with application/problem+json. */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('SchedulerConsole');

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly redactor: Redactor,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    this.answer(error, host.switchToHttp().getRequest(), host.switchToHttp().getResponse());
  }

  /** Also responds to errors before a route is reached. */
  answer(error: unknown, request: ConsoleRequest, reply: ConsoleReply): void {
    setSecurityHeaders(request, reply);
    const { problem, retryAfter, unexpected } = toFailure(error, request.requestId);
    if (unexpected) this.logger.error(`request ${request.requestId} failed`, this.stackOf(error));
    reply.header('Content-Type', 'application/problem+json');
    if (retryAfter !== undefined) reply.header('Retry-After', String(retryAfter));
    // The sender may take as long again for the rest.
    if (problem.status === 408) reply.header('Connection', 'close');
    if (problem.status === 401) reply.header('WWW-Authenticate', 'Bearer');
    this.host.httpAdapter.reply(reply, JSON.stringify(problem), problem.status);
  }

  /** The stack may contain a secret, so it is redacted. */
  private stackOf(error: unknown): string | undefined {
    return error instanceof Error && error.stack !== undefined ? this.redactor.text(error.stack) : undefined;
  }
}
