import { Injectable } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import type { ConsoleRequest } from '../auth/console-request.js';
import { AuditLog } from './audit-log.js';
import { RateLimiter } from './rate-limiter.js';

/** Where a sign-in failed. */
export type SignInPlace = 'http' | 'live';

/** Failed sign-ins: each is counted, logged and limited by its address, wherever it was tried. */
@Injectable()
export class SignIns {
  /** Since the start of this process. */
  readonly failed: Record<SignInPlace, number> = { http: 0, live: 0 };

  constructor(
    private readonly limiter: RateLimiter,
    private readonly audit: AuditLog,
  ) {}

  /**
   * @param outcome code of the rejection
   * @throws ConsoleError RATE_LIMITED
   */
  fail(place: SignInPlace, request: ConsoleRequest | IncomingMessage, outcome: string): void {
    const { method = '', url = '', socket } = request;
    const requestId = 'requestId' in request ? request.requestId : undefined;
    this.failed[place]++;
    this.audit.recordSignIn({ method, url, socket, requestId }, outcome);
    this.limiter.take(`?\n${socket.remoteAddress ?? ''}`);
  }
}
