import type { Clock } from '../core/clock.js';
import { START_LATE_WITHIN_MS, START_WITHIN_MS } from '../core/limits.js';
import type { Claim } from '../store/records.js';
import type { PrefetchedClaim } from './prefetched-claims.js';

/** What is allowed falls by so much with each reply that comes in time, ms: one may come by chance between late ones. */
const PATIENCE_LOST_MS = 10;

/**
 * Whether a claim may still start here. The store's decision becomes outdated: by a pause of its queue, and with time by
 * whatever else may have changed. A process whose event loop is slow reads each reply late: if it returned all of those
 * claims it would never start one, so the age that is allowed doubles with each reply that came later than that. The request
 * for the claims names that age, so that a pause can wait until they have started or gone back.
 */
export class StartRule {
  /** Paused queues, and since when by the store's time: claims made before do not start any more. */
  private readonly pausedSince = new Map<string, number>();
  private allowed = START_WITHIN_MS;

  /** Within how many ms a claim that is requested now starts here. */
  get within(): number {
    return this.allowed;
  }

  /** @param ages whether claims become outdated with time: in a store of one process they do not */
  constructor(
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly ages: boolean,
  ) {}

  pause(queue: string, since: number): void {
    this.pausedSince.set(queue, since);
  }

  resume(queue: string): void {
    this.pausedSince.delete(queue);
  }

  /** A reply with claims has come. @param age ms since the store made them @returns whether that is too long for a start */
  noteReply(age: number): boolean {
    const isLate = age > this.allowed;
    if (isLate) this.allowed = Math.min(START_LATE_WITHIN_MS, 2 * this.allowed);
    else if (age <= START_WITHIN_MS) this.allowed = Math.max(START_WITHIN_MS, this.allowed - PATIENCE_LOST_MS);
    return isLate;
  }

  /** @param age ms since the store made the claim @param within the ms that its request named */
  date(claim: Claim, age: number, within = START_WITHIN_MS): PrefetchedClaim {
    return { claim, startBy: this.ages ? this.clock.monotonic() + within - age : Infinity };
  }

  isOver({ claim, startBy }: PrefetchedClaim): boolean {
    if (startBy < Infinity && this.clock.monotonic() > startBy) return true;
    return this.pausedSince.size > 0 && claim.startedTime <= (this.pausedSince.get(claim.queue) ?? -Infinity);
  }
}
