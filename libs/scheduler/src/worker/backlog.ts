import { settle, type RunToken, type Settlement } from '../core/commands.js';
import type { Claim } from '../store/records.js';

/** Claims ahead of free slots, in their order. */
export class Backlog {
  private waiting: Claim[] = [];
  private next = 0;
  /** Monotonic ms at which it was last empty, or a claim last left it. */
  private movedAt = 0;

  get size(): number {
    return this.waiting.length - this.next;
  }

  push(claim: Claim, now: number): void {
    if (this.size === 0) this.movedAt = now;
    this.waiting.push(claim);
  }

  shift(now: number): Claim | undefined {
    const claim = this.waiting[this.next];
    if (claim === undefined) return undefined;
    this.movedAt = now;
    this.next++;
    if (this.next === this.waiting.length) this.clear();
    return claim;
  }

  /** Takes one out wherever it stands. */
  remove(executionId: string): Claim | undefined {
    const index = this.waiting.findIndex((claim, i) => i >= this.next && claim.executionId === executionId);
    return index < 0 ? undefined : this.waiting.splice(index, 1)[0];
  }

  /** ms that nothing has left it; 0 while it is empty. */
  standstill(now: number): number {
    return this.size === 0 ? 0 : now - this.movedAt;
  }

  tokens(): RunToken[] {
    return this.waiting.slice(this.next).map(({ executionId, attempt }) => ({ executionId, attempt }));
  }

  /** Gives all of it back: no attempt spent. */
  releaseAll(): Settlement[] {
    const released = this.tokens().map((run) => settle.release(run));
    this.clear();
    return released;
  }

  private clear(): void {
    this.waiting = [];
    this.next = 0;
  }
}
