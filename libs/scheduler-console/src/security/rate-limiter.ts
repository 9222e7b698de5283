import { Inject, Injectable } from '@nestjs/common';
import { ConsoleError } from '../console-error.js';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { CONSOLE_OPTIONS } from '../tokens.js';

const MAX_KEYS = 10_000;

/** The generic cell rate algorithm: one instant for each caller, no windows, no timers. */
@Injectable()
export class RateLimiter {
  /** By caller: the theoretical arrival time, least recently used first. */
  private readonly paidAt = new Map<string, number>();
  private readonly limit: { max: number; per: number } | false;

  constructor(@Inject(CONSOLE_OPTIONS) { rateLimit }: ResolvedConsoleOptions) {
    this.limit = rateLimit;
  }

  /**
   * Counts a request. @param weight number of requests it counts for, at most the burst @throws ConsoleError
   * RATE_LIMITED with the seconds to wait
   */
  take(key: string, weight = 1, now = performance.now()): void {
    if (!this.limit) return;
    const { max, per } = this.limit;
    const paidAt = Math.max(now, this.paidAt.get(key) ?? 0) + (per / max) * Math.min(weight, max);
    const wait = paidAt - now - per;
    // A millionth of a ms, for rounding errors of a sum.
    if (wait > 1e-6)
      throw new ConsoleError(
        'RATE_LIMITED',
        429,
        `more than ${max} requests in ${per} ms`,
        undefined,
        Math.ceil(wait / 1000),
      );
    this.paidAt.delete(key);
    this.paidAt.set(key, paidAt);
    if (this.paidAt.size > MAX_KEYS) this.paidAt.delete(this.paidAt.keys().next().value!);
  }
}
