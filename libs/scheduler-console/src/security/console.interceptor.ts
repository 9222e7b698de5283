import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { map, tap, type Observable } from 'rxjs';
import { Reflector } from '@nestjs/core';
import { principalOf, type ConsoleRequest } from '../auth/console-request.js';
import { codeOf } from '../rest/problem.js';
import { AuditLog } from './audit-log.js';
import { Redactor } from './redactor.js';
import { NOT_AUDITED } from './not-audited.decorator.js';

/** Keeps the book of changes, and secrets out of every answer. */
@Injectable()
export class ConsoleInterceptor implements NestInterceptor {
  constructor(
    private readonly audit: AuditLog,
    private readonly redactor: Redactor,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<ConsoleRequest>();
    const { payloads } = principalOf(request);
    const answer = next.handle().pipe(map((value) => this.redactor.redact(value, payloads)));
    const handler = context.getHandler();
    if (request.method === 'GET' || this.reflector.get(NOT_AUDITED, handler)) return answer;
    return answer.pipe(
      tap({
        next: () => this.audit.record(request, handler.name, 'OK'),
        error: (error: unknown) => this.audit.record(request, handler.name, codeOf(error)),
      }),
    );
  }
}
