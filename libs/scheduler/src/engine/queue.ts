/** Queues: where executions wait until they run, and what holds their starts back. */
import { UNDECLARED_MS } from '../core/limits.js';
import { addStart, roomAt } from './rate-limit.js';
import type { ExecutionRecord, QueueLimits, QueueRecord } from './records.js';
import type { Tables } from './tables.js';

/** Places an execution where it waits: for its time, then for its upstreams, then in its queue. */
export function place(t: Tables, execution: ExecutionRecord): void {
  if (execution.dueAt > t.now) t.delay(execution);
  else if (execution.openEdges > 0) t.block(execution);
  else enter(t, execution);
}

/** Makes an execution ready that has waited for its time and its upstreams. From here on it may expire, see ttl.ts. */
export function enter(t: Tables, execution: ExecutionRecord): void {
  t.pushTail(execution);
  if (execution.ttl === undefined || execution.status !== 'PENDING') return;
  t.expiries.start(execution, t.now + execution.ttl);
  t.emitDue(t.now + execution.ttl);
}

/** Moves delayed executions on that are due, earliest first. @returns how many */
export function promote(t: Tables, limit: number): number {
  return t.eachDelayed(limit, (execution) => place(t, execution));
}

export function isLimited(queue: QueueRecord): boolean {
  return queue.max !== undefined || queue.concurrency !== undefined;
}

/** Whether the limits of the queue permit another start now. Before its runs are counted, a limit of them permits none. */
export function hasRoom(t: Tables, queue: QueueRecord): boolean {
  const isFull = queue.concurrency !== undefined && (queue.isCounting === true || queue.running >= queue.concurrency);
  if (isFull) return false;
  return refillAt(queue) <= t.now;
}

/** As `hasRoom`, for a claim: where time alone makes room, a claim follows then. */
export function hasRoomToClaim(t: Tables, queue: QueueRecord): boolean {
  const isOpen = hasRoom(t, queue);
  if (!isOpen && refillAt(queue) > t.now) t.emitDue(refillAt(queue));
  return isOpen;
}

/** A run has started. */
export function countStart(t: Tables, queue: QueueRecord): void {
  queue.running++;
  if (queue.max !== undefined) addStart(queue.starts, queue.per!, t.now);
  if (isLimited(queue)) t.queues.touch(queue);
}

/** Takes a run from its worker. */
export function endRun(t: Tables, execution: ExecutionRecord): void {
  const queue = t.queueOf(execution);
  const isCounted = t.queues.isCounted(queue, execution);
  t.endRun(execution);
  if (isCounted) queue.running--;
  if (isLimited(queue)) t.queues.touch(queue);
  if (queue.concurrency !== undefined) t.wake(queue);
}

/** @returns false where it is paused already */
export function pause(t: Tables, queue: QueueRecord): boolean {
  if (queue.paused === true) return false;
  queue.paused = true;
  t.queues.touch(queue);
  t.emitQueue('paused', queue);
  return true;
}

/** @returns false where it is not paused */
export function resume(t: Tables, queue: QueueRecord): boolean {
  if (queue.paused !== true) return false;
  queue.paused = false;
  t.queues.touch(queue);
  t.emitQueue('resumed', queue);
  t.wake(queue);
  return true;
}

/** Sets the limits of a queue. @param declaredBy the app whose code declares them; undefined: a call sets them */
export function configure(t: Tables, queue: QueueRecord, limits: QueueLimits, declaredBy?: string): void {
  const wasLimited = isLimited(queue);
  queue.max = limits.max;
  queue.per = limits.per;
  queue.concurrency = limits.concurrency;
  if (limits.max === undefined) queue.starts = [];
  queue.declaredBy = isLimited(queue) ? declaredBy : undefined;
  queue.declaredAt = queue.declaredBy === undefined ? undefined : t.attendedTime();
  if (isLimited(queue) !== wasLimited) t.queues.setLimited(queue, !wasLimited);
  t.queues.touch(queue);
  t.wake(queue);
}

/** An app still declares the limits of these queues. */
export function declare(t: Tables, appName: string, names: readonly string[]): void {
  for (const name of names) {
    const queue = t.queues.get(name);
    if (queue !== undefined && queue.declaredBy === appName) {
      queue.declaredAt = t.attendedTime();
      t.queues.touch(queue);
    }
  }
}

/** @param isAlone whether it is known that no process declares others: else they have some time */
export function isUndeclared(t: Tables, queue: QueueRecord, appName: string, isAlone: boolean): boolean {
  return queue.declaredBy === appName && (isAlone || queue.declaredAt! + UNDECLARED_MS <= t.attendedTime());
}

/** Clears the limits of those that the app does not declare any more, see isUndeclared. @returns their names, in order */
export function clearUndeclared(t: Tables, appName: string, names: readonly string[], isAlone: boolean): string[] {
  const cleared: string[] = [];
  for (const name of names) {
    const queue = t.queues.get(name);
    if (queue !== undefined && isUndeclared(t, queue, appName, isAlone)) {
      cleared.push(name);
      configure(t, queue, {});
    }
  }
  return cleared;
}

/** Wakes the queues whose rate limit has room again. */
export function wakeRefilled(t: Tables): void {
  t.queues.eachRefilled((queue) => {
    if (t.ready.count(queue) > 0) t.wake(queue);
  });
}

/** @returns the next instant, ms, at which maintenance has something to do */
export function nextDue(t: Tables): number | undefined {
  const next = t.nextDeadline();
  const at = t.queues.nextRefill();
  return next === undefined || (at !== undefined && at < next) ? at : next;
}

/** @returns the instant, ms, from which on another start keeps the rate limit; 0: any */
export function refillAt(queue: QueueRecord): number {
  return queue.max === undefined ? 0 : roomAt(queue.starts, queue.max, queue.per!);
}
