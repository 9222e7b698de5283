import { Inject, Injectable } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { ConsoleAuthenticator } from '../auth/console-authenticator.js';
import { bearerOf } from '../auth/console-request.js';
import { isLoopback } from '../auth/loopback.js';
import type { Principal } from '../auth/principal.js';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { CONSOLE_OPTIONS } from '../tokens.js';

/** Between two looks at whether a client may stay, ms. */
export const RECHECK_MS = 30_000;
/** How long a ticket of an app's own guard holds, ms: nobody can ask that guard again without a request. */
const GUARDED_MS = 55_000;

/** Who holds a socket. */
export interface Session {
  principal: Principal;
  /** Whether it may stay. */
  isValid(now: number): boolean;
}

export type Decision = { session: Session } | { status: 401 | 403 };

/** Decides on an upgrade before a byte of it is answered: Nest guards do not run there, and CORS does not apply. */
@Injectable()
export class LiveGate {
  constructor(
    @Inject(CONSOLE_OPTIONS) private readonly options: ResolvedConsoleOptions,
    private readonly authenticator: ConsoleAuthenticator,
  ) {}

  decide(request: IncomingMessage): Decision {
    const { auth } = this.options;
    const bearer = bearerOf(request.headers);
    const { origin } = request.headers;
    const address = request.socket.remoteAddress ?? '';
    if (origin === undefined ? bearer === undefined : !this.isOwn(origin, request.headers.host)) return { status: 403 };
    if (!this.authenticator.isProtected && !isLoopback(request.socket.localAddress ?? '')) return { status: 403 };
    const ticket = new URL(request.url ?? '/', 'http://localhost').searchParams.get('ticket');
    if (bearer === undefined && ticket !== null) {
      const principal = this.authenticator.redeemTicket(ticket);
      const guarded = typeof auth === 'object' && 'guard' in auth;
      const until = guarded ? Date.now() + GUARDED_MS : Infinity;
      return principal ? { session: { principal, isValid: (now) => now < until } } : { status: 401 };
    }
    const principal = this.authenticator.authenticate(bearer, address);
    if (!principal) return { status: 401 };
    return { session: { principal, isValid: () => this.authenticator.authenticate(bearer, address) !== null } };
  }

  private isOwn(origin: string, host: string | undefined): boolean {
    if (this.options.allowedOrigins.includes(origin)) return true;
    if (!URL.canParse(origin) || host === undefined) return false;
    const url = new URL(origin);
    // Where nobody is asked, a name that was made to point at this machine must not do.
    if (this.options.auth === 'none' && !isLoopbackName(url.hostname)) return false;
    return url.host !== '' && url.host === host.toLowerCase();
  }
}

function isLoopbackName(hostname: string): boolean {
  return hostname === 'localhost' || isLoopback(hostname.replace(/^\[|\]$/g, ''));
}
