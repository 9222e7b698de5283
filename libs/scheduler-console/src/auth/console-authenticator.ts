import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { ConsoleError } from '../console-error.js';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { CONSOLE_OPTIONS } from '../tokens.js';
import type { Principal } from './principal.js';
import { isLoopback } from './loopback.js';

const TICKET_MS = 30_000;
const MAX_TICKETS = 1000;
/** Of one caller, by name, so that it drives out none of others. */
const MAX_TICKETS_OF_ONE = 20;
/** What a guard of the app's own let in stays for so long: it cannot be asked again without a request. */
const GUARDED_MS = 60_000;

interface KnownToken {
  hash: Buffer;
  principal: Principal;
  /** ms since 1970. */
  until: number;
}

/** Says who a caller is, by bearer token or by ticket. Tokens are kept as SHA-256 only. */
@Injectable()
export class ConsoleAuthenticator implements OnApplicationBootstrap {
  private readonly tokens: readonly KnownToken[];
  /** By hash, the oldest first. */
  private readonly tickets = new Map<string, { principal: Principal; until: number }>();
  private generated: string | null = null;
  private readonly everyone: Principal | null;
  /** Whether it may be served beyond loopback. */
  readonly isProtected: boolean;

  constructor(@Inject(CONSOLE_OPTIONS) { auth }: ResolvedConsoleOptions) {
    this.everyone = auth === 'none' ? { name: 'anyone', role: 'admin', payloads: true } : null;
    const given = typeof auth === 'object' && 'tokens' in auth ? auth.tokens : [];
    this.isProtected = typeof auth === 'object' && ('guard' in auth || given.length > 0);
    const tokens = given.map(({ token, name, role, payloads = role !== 'viewer', expires }) =>
      known(token, { name, role, payloads }, expires === undefined ? Infinity : new Date(expires).getTime()),
    );
    if (!this.isProtected && !this.everyone) {
      this.generated = randomBytes(24).toString('base64url');
      tokens.push(known(this.generated, { name: 'generated', role: 'admin', payloads: true }, Infinity));
    }
    this.tokens = tokens;
  }

  /** Prints a token that was made here, once. */
  onApplicationBootstrap(): void {
    if (this.generated === null) return;
    new Logger('SchedulerConsole').warn(
      `no auth.tokens are configured: only loopback is served; this run's admin token: ${this.generated}`,
    );
    this.generated = null;
  }

  /**
   * @param bearer the token, without "Bearer "
   * @param remoteAddress of the peer
   * @returns null: nobody known. Where `auth` is 'none', whoever comes from this machine
   */
  authenticate(bearer: string | undefined, remoteAddress: string): Principal | null {
    if (!this.isProtected && !isLoopback(remoteAddress)) return null;
    if (this.everyone) return this.everyone;
    const hash = sha256(bearer ?? '');
    let found: KnownToken | undefined;
    // Each is compared, so that the time taken does not tell which one was near.
    for (const token of this.tokens) if (timingSafeEqual(token.hash, hash)) found = token;
    return bearer && found && found.until > Date.now() ? found.principal : null;
  }

  /** Until when what a caller has opened may stay open, ms since 1970. @param principal as it was given out here */
  validUntil(principal: Principal): number {
    if (principal === this.everyone) return Infinity;
    return this.tokens.find((token) => token.principal === principal)?.until ?? Date.now() + GUARDED_MS;
  }

  /** @returns who the ticket was issued to; null: unknown, used, or older than 30 s. Good once */
  redeemTicket(ticket: string): Principal | null {
    const key = sha256(ticket).toString('base64');
    const issued = this.tickets.get(key);
    this.tickets.delete(key);
    const now = Date.now();
    return issued && issued.until > now && this.validUntil(issued.principal) > now ? issued.principal : null;
  }

  /**
   * A ticket for one opening of the live channel, since a browser sends no header there. Of a caller the newest 20 are good.
   * @throws ConsoleError RATE_LIMITED while 1,000 are out
   */
  issueTicket(principal: Principal): string {
    const now = Date.now();
    const own: string[] = [];
    for (const [key, { until, principal: owner }] of this.tickets) {
      if (until <= now) this.tickets.delete(key);
      else if (owner.name === principal.name) own.push(key);
    }
    if (own.length >= MAX_TICKETS_OF_ONE) this.tickets.delete(own[0]!);
    if (this.tickets.size >= MAX_TICKETS)
      throw new ConsoleError('RATE_LIMITED', 429, `${MAX_TICKETS} tickets are out`, undefined, TICKET_MS / 1000);
    const ticket = randomBytes(24).toString('base64url');
    this.tickets.set(sha256(ticket).toString('base64'), { principal, until: now + TICKET_MS });
    return ticket;
  }
}

function known(token: string, principal: Principal, until: number): KnownToken {
  return { hash: sha256(token), principal, until };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
