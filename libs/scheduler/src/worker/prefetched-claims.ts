import { settle, type RunToken, type Settlement } from '../core/commands.js';
import type { Claim } from '../store/records.js';

/** A claim, and the monotonic instant (ms) by which it starts or goes back to the store. */
export interface PrefetchedClaim {
  claim: Claim;
  startBy: number;
}

/** Prefetched claims, in their order. */
export class PrefetchedClaims {
  private waiting: PrefetchedClaim[] = [];
  private next = 0;

  get size(): number {
    return this.waiting.length - this.next;
  }

  push(waiting: PrefetchedClaim): void {
    this.waiting.push(waiting);
  }

  shift(): PrefetchedClaim | undefined {
    const first = this.waiting[this.next];
    if (first === undefined) return undefined;
    this.next++;
    if (this.next === this.waiting.length) this.clear();
    return first;
  }

  /** Removes a claim at any position. */
  remove(executionId: string, matches: (claim: Claim) => boolean): Claim | undefined {
    const index = this.waiting.findIndex(
      ({ claim }, i) => i >= this.next && claim.executionId === executionId && matches(claim),
    );
    return index < 0 ? undefined : this.waiting.splice(index, 1)[0]!.claim;
  }

  tokens(): RunToken[] {
    return this.waiting
      .slice(this.next)
      .map(({ claim }) => ({ executionId: claim.executionId, leaseToken: claim.leaseToken }));
  }

  /** Returns claims that may no longer start here, without using an attempt. Default: all. */
  release(isOver: (waiting: PrefetchedClaim) => boolean = () => true): Settlement[] {
    const kept: PrefetchedClaim[] = [];
    const released: Settlement[] = [];
    for (let i = this.next; i < this.waiting.length; i++) {
      const each = this.waiting[i]!;
      if (isOver(each)) released.push(settle.release(each.claim));
      else kept.push(each);
    }
    this.clear();
    this.waiting = kept;
    return released;
  }

  private clear(): void {
    this.waiting = [];
    this.next = 0;
  }
}
