import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { finalize, map, tap, throwError, timeout, type Observable } from 'rxjs';
import { Reflector } from '@nestjs/core';
import { isRead, principalOf, type ConsoleRequest } from '../auth/console-request.js';
import { ConsoleError } from '../console-error.js';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { codeOf } from '../rest/problem.js';
import { CONSOLE_OPTIONS } from '../tokens.js';
import { AuditLog } from './audit-log.js';
import { CostlyCalls } from './costly-calls.js';
import { Redactor } from './redactor.js';
import { NOT_AUDITED } from './not-audited.decorator.js';

/** Factor on the time limit of a request, so the error of a store, which gives up after 10 s, comes first. */
const LONGER = 1.2;
const RETRY_SECONDS = 5;

/** Records changes, removes secrets from every response, and limits its time. */
@Injectable()
export class ConsoleInterceptor implements NestInterceptor {
  private readonly limit: number;

  constructor(
    @Inject(CONSOLE_OPTIONS) { requestTimeout }: ResolvedConsoleOptions,
    private readonly audit: AuditLog,
    private readonly redactor: Redactor,
    private readonly costly: CostlyCalls,
    private readonly reflector: Reflector,
  ) {
    this.limit = requestTimeout * LONGER;
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<ConsoleRequest>();
    const { payloads, name } = principalOf(request);
    const end = this.costly.begin(name, request.weight ?? 1);
    const answer = next.handle().pipe(
      timeout({ first: this.limit, with: () => throwError(() => noAnswer(this.limit)) }),
      finalize(end),
      map((value) => this.redactor.redact(value, payloads)),
    );
    const handler = context.getHandler();
    if (isRead(request.method) || this.reflector.get(NOT_AUDITED, handler)) return answer;
    return answer.pipe(
      tap({
        next: () => this.audit.record(request, handler.name, 'OK'),
        error: (error: unknown) => this.audit.record(request, handler.name, codeOf(error)),
      }),
    );
  }
}

function noAnswer(ms: number): ConsoleError {
  const detail = `no response within ${ms} ms; the request may still take effect`;
  return new ConsoleError('ANSWER_TIMEOUT', 503, detail, undefined, RETRY_SECONDS);
}
