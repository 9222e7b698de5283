import type { RefExecution } from './reference.js';
import { violated } from './violation.js';

/** Of an execution with a ttl: when it was created or reopened, and whether it waits for anything but its queue. */
interface Wait {
  ttl: number;
  since: number;
  isSimple: boolean;
}

/** Which executions may still expire, and when they may. */
export class TtlModel {
  private readonly ttls = new Map<string, number>();
  /** Those that no run has begun of. */
  private readonly waits = new Map<string, Wait>();

  add({ id, edges, dueAt }: RefExecution, ttl: number | undefined, now: number): void {
    if (ttl === undefined) return;
    this.ttls.set(id, ttl);
    this.waits.set(id, { ttl, since: now, isSimple: edges.length === 0 && dueAt <= now });
  }

  reopen({ id }: RefExecution, now: number): void {
    const ttl = this.ttls.get(id);
    if (ttl !== undefined) this.waits.set(id, { ttl, since: now, isSimple: false });
  }

  start({ id }: RefExecution, now: number): void {
    const wait = this.waits.get(id);
    this.waits.delete(id);
    if (wait?.isSimple === true && wait.since + wait.ttl <= now)
      violated('I12', `${id} started, and its ttl of ${wait.ttl} ms was over`);
  }

  expire({ id, dueAt, edges }: RefExecution, now: number): void {
    const wait = this.waits.get(id);
    if (wait === undefined) violated('I12', `${id} expired, and has had a run or no ttl`);
    if (now < Math.max(wait.since, dueAt) + wait.ttl)
      violated('I12', `${id} has waited less than its ttl of ${wait.ttl} ms`);
    if (edges.some(({ state }) => state !== 'held')) violated('I12', `${id} expired, and waits for its dependencies`);
  }
}
