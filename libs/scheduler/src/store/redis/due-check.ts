import type { Due } from '../due.js';
import type { ScriptArgument } from './connection/redis-connection.js';

/** With more queues, their lists are not examined: the workers poll. */
const MAX_QUEUES = 20;

/** See commands/due.lua. */
export type DueReply = [
  ...[promote: number, nextDue: string, schedules: number, nextTick: string, isRunning: number],
  ...[rescue: number, firstLease: string, work: number, quietSince: string, incarnation: string],
  now: number,
];

/** The part of the store that the check uses. */
export interface DueCheckStore {
  send(args: readonly ScriptArgument[]): Promise<DueReply>;
  /** The server's time; null: not known yet. */
  serverNow(): number | null;
  toLocal(at: number): number;
  /** A worker of this process may find work in these queues. */
  onWork(queues: readonly string[]): void;
  /** @param incarnation identity of the namespace until its data is lost */
  onIncarnation(incarnation: string): void;
}

/**
 * Reads what is due, for all duties of this process and its idle workers: a fallback for lost messages. An idle process sends
 * one short call a second.
 */
export class DueCheck {
  private readonly queuesOf = new Map<string, readonly string[]>();
  private asking: Promise<Due> | null = null;
  private wasFull = false;
  /** The earliest end of a lease, by the server's time. */
  private firstLease = Infinity;
  /** Number of the newest claim when there were no runs: until there is a newer claim, there are none. */
  private quietSince = '';

  constructor(private readonly store: DueCheckStore) {}

  /** Registers the queues of a worker of this process. */
  serve(workerId: string, queues: readonly string[]): void {
    this.queuesOf.set(workerId, queues);
  }

  leave(workerId: string): void {
    this.queuesOf.delete(workerId);
  }

  /** Concurrent calls share one request. */
  due(): Promise<Due> {
    return (this.asking ??= this.ask().finally(() => (this.asking = null)));
  }

  private async ask(): Promise<Due> {
    const workers = [...this.queuesOf.keys()];
    const queues = [...new Set([...this.queuesOf.values()].flat())];
    const isTooMany = queues.length > MAX_QUEUES;
    // Leases and idle workers every other time: an idle entry is valid for two seconds.
    const isFull = !this.wasFull || this.firstLease <= (this.store.serverNow() ?? Infinity);
    this.wasFull = isFull;
    const reply = await this.store.send([
      ...[this.quietSince, isFull ? 1 : 0, workers.length, ...workers],
      ...(isTooMany ? [] : queues),
    ]);
    const [promote, nextDue, schedules, nextTick, isRunning, rescue, firstLease, work, quietSince, incarnation] = reply;
    this.quietSince = quietSince;
    if (isFull) this.firstLease = firstLease === '' ? Infinity : Number(firstLease);
    this.store.onIncarnation(incarnation);
    if (queues.length > 0 && (work === 1 || isTooMany)) this.store.onWork(queues.slice(0, MAX_QUEUES));
    return {
      promote: promote === 1,
      nextDue: this.instantOf(nextDue),
      schedules: schedules === 1,
      nextTick: this.instantOf(nextTick),
      rescue: rescue === 1 || isRunning === 1,
    };
  }

  private instantOf(text: string): number | null {
    return text === '' ? null : this.store.toLocal(Number(text));
  }
}
