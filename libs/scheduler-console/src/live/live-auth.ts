import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import { ConsoleAuthenticator } from '../auth/console-authenticator.js';
import { bearerOf } from '../auth/console-request.js';
import { isOwnOrigin } from '../auth/origin.js';
import { ConsoleError } from '../console-error.js';
import type { Principal } from '../auth/principal.js';
import { checkExposure } from '../auth/exposure.js';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { RateLimiter } from '../security/rate-limiter.js';
import { SignIns } from '../security/sign-ins.js';
import { CONSOLE_OPTIONS } from '../tokens.js';

/** The caller of a connection to the live channel. */
export interface LiveCaller {
  principal: Principal;
  /** When its access ends, ms since 1970. */
  validUntil: number;
}

/** Access control of the live channel, before the upgrade is answered: Nest's guards do not run there. */
@Injectable()
export class LiveAuth {
  constructor(
    @Inject(CONSOLE_OPTIONS) private readonly options: ResolvedConsoleOptions,
    private readonly authenticator: ConsoleAuthenticator,
    private readonly limiter: RateLimiter,
    private readonly signIns: SignIns,
  ) {}

  /**
   * @returns the caller
   * @throws ConsoleError UNAUTHENTICATED, RATE_LIMITED
   */
  authorize(request: IncomingMessage): LiveCaller {
    const caller = this.authenticate(request);
    if (caller) {
      this.limiter.take(`${caller.principal.name}\n${request.socket.remoteAddress ?? ''}`);
      return caller;
    }
    this.signIns.fail('live', request, 'UNAUTHENTICATED');
    throw new ConsoleError('UNAUTHENTICATED', 403, 'no valid token or ticket, or the origin is not allowed');
  }

  /** @returns null if access is denied */
  private authenticate(request: IncomingMessage): LiveCaller | null {
    const { allowedOrigins } = this.options;
    const bearer = bearerOf(request.headers);
    const isFromPage = request.headers.origin !== undefined;
    if (!this.isReachable(request)) return null;
    // CORS does not apply to WebSockets.
    if (isFromPage ? !isOwnOrigin(request.headers, allowedOrigins) : bearer === undefined) return null;
    const ticket = new URL(request.url ?? '/', 'http://host').searchParams.get('ticket');
    const principal =
      bearer !== undefined || ticket === null
        ? this.authenticator.authenticate(bearer, request.socket.remoteAddress ?? '')
        : this.authenticator.redeemTicket(ticket);
    return principal && { principal, validUntil: this.authenticator.validUntil(principal) };
  }

  private isReachable(request: IncomingMessage): boolean {
    try {
      checkExposure(request, { ...this.options, isProtected: this.authenticator.isProtected });
      return true;
    } catch {
      return false;
    }
  }
}
