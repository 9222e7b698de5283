import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { ConsoleError } from '../console-error.js';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { CONSOLE_OPTIONS } from '../tokens.js';
import type { Principal } from './principal.js';
import { expiryOf } from './token-expiry.js';
import { isLoopback } from './loopback.js';

const TICKET_MS = 30_000;
const MAX_TICKETS = 1000;
/** For each caller, by name, so a caller cannot displace tickets of others. */
const MAX_TICKETS_OF_ONE = 20;
/** Lifetime of what a guard of the app has accepted: the guard cannot be asked again without a request. */
const GUARDED_MS = 60_000;

interface KnownToken {
  hash: Buffer;
  principal: Principal;
  /** ms since 1970. */
  until: number;
}

/** Authenticates callers by bearer token or ticket. Stores only SHA-256 hashes of tokens. */
@Injectable()
export class ConsoleAuthenticator implements OnApplicationBootstrap {
  private readonly tokens: readonly KnownToken[];
  /** By hash, oldest first. */
  private readonly tickets = new Map<string, { principal: Principal; until: number }>();
  private generated: string | null = null;
  private readonly everyone: Principal | null;
  /** Whether the console may be served beyond loopback. */
  readonly isProtected: boolean;

  constructor(@Inject(CONSOLE_OPTIONS) { auth }: ResolvedConsoleOptions) {
    this.everyone = auth === 'none' ? { name: 'anyone', role: 'admin', payloads: true } : null;
    const given = typeof auth === 'object' && 'tokens' in auth ? auth.tokens : [];
    this.isProtected = typeof auth === 'object' && ('guard' in auth || given.length > 0);
    const tokens = given.map(({ token, name, role, payloads = role !== 'viewer', expires }) =>
      known(token, { name, role, payloads }, expiryOf(expires)),
    );
    if (!this.isProtected && !this.everyone) {
      this.generated = randomBytes(24).toString('base64url');
      tokens.push(known(this.generated, { name: 'generated', role: 'admin', payloads: true }, Infinity));
    }
    this.tokens = tokens;
  }

  /** Prints a generated token, once. */
  onApplicationBootstrap(): void {
    if (this.generated === null) return;
    new Logger('SchedulerConsole').warn(
      `auth.tokens is not configured: serving loopback only; admin token of this run: ${this.generated}`,
    );
    this.generated = null;
  }

  /**
   * @param bearer the token, without "Bearer "
   * @param remoteAddress of the peer
   * @returns null for an unknown caller. With `auth: 'none'` every caller on this machine is known
   */
  authenticate(bearer: string | undefined, remoteAddress: string): Principal | null {
    if (!this.isProtected && !isLoopback(remoteAddress)) return null;
    if (this.everyone) return this.everyone;
    const hash = sha256(bearer ?? '');
    let found: KnownToken | undefined;
    // Compares all of them, so the time taken reveals nothing.
    for (const token of this.tokens) if (timingSafeEqual(token.hash, hash)) found = token;
    return bearer && found && found.until > Date.now() ? found.principal : null;
  }

  /** When the access of a caller ends, ms since 1970. @param principal as returned by this class */
  validUntil(principal: Principal): number {
    if (principal === this.everyone) return Infinity;
    return this.tokens.find((token) => token.principal === principal)?.until ?? Date.now() + GUARDED_MS;
  }

  /** @returns the caller to which the ticket was issued; null: unknown, used, or older than 30 s. Valid once */
  redeemTicket(ticket: string): Principal | null {
    const key = sha256(ticket).toString('base64');
    const issued = this.tickets.get(key);
    this.tickets.delete(key);
    const now = Date.now();
    return issued && issued.until > now && this.validUntil(issued.principal) > now ? issued.principal : null;
  }

  /**
   * Issues a ticket for one connection to the live channel, since browsers send no header there. The newest 20 of a
   * caller are valid.
   * @throws ConsoleError RATE_LIMITED while 1,000 tickets are outstanding
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
      throw new ConsoleError(
        'RATE_LIMITED',
        429,
        `${MAX_TICKETS} tickets are outstanding`,
        undefined,
        TICKET_MS / 1000,
      );
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
