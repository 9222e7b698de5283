import { place } from '../../engine/queue.js';
import { roomAt } from '../../engine/rate-limit.js';
import { UNDECLARED_MS } from '../../core/limits.js';
import type { QueueRules } from '../records.js';
import type { Row } from './rows.js';
import type { State } from './state.js';

/** Ready, behind all of its level. */
export function pushTail(s: State, row: Row): void {
  row.place = 'ready';
  s.touch(row);
  row.queue.ready[row.priority].pushTail(row);
  s.woken.add(row.queue.name);
}

/** Ready, before all of its level: for what has waited its turn already. */
export function pushHead(s: State, row: Row): void {
  row.place = 'ready';
  s.touch(row);
  row.queue.ready[row.priority].pushHead(row);
  s.woken.add(row.queue.name);
}

export function delay(s: State, row: Row): void {
  row.place = 'delayed';
  s.touch(row);
  s.delayed.push(row);
  s.emitDue(row.at);
}

export function waitForDependencies(s: State, row: Row): void {
  row.place = 'dependencies';
  s.touch(row);
  s.waitingForDependencies++;
}

/** Takes a waiting execution from wherever it stands. */
export function leave(s: State, row: Row): void {
  if (row.place === 'delayed') s.delayed.remove(row);
  else if (row.place === 'dependencies') s.waitingForDependencies--;
  else {
    if (row.place === 'lock') s.waitingForLock--;
    row.list?.remove(row);
  }
}

/** Whether the queue's own limits let another start happen now. */
export function hasRoom(s: State, queue: Row['queue'], now: number): boolean {
  const { concurrency, rateLimit } = queue.rules;
  if (concurrency !== null && queue.running >= concurrency) return false;
  if (rateLimit === null) return true;
  const at = roomAt(queue.starts, rateLimit.max, rateLimit.per);
  if (at <= now) return true;
  s.emitDue(at);
  return false;
}

export function isLimited({ rules }: Row['queue']): boolean {
  return rules.concurrency !== null || rules.rateLimit !== null;
}

export function pause(s: State, name: string, now: number): void {
  const queue = s.queue(name);
  if (queue.paused) return;
  queue.paused = true;
  s.touch(queue);
  s.effects.push({ kind: 'queue', transition: 'paused', queue: name, time: now });
}

export function resume(s: State, name: string, now: number): void {
  const queue = s.queue(name);
  if (!queue.paused) return;
  queue.paused = false;
  s.touch(queue);
  s.effects.push({ kind: 'queue', transition: 'resumed', queue: name, time: now });
  s.woken.add(name);
}

export function configure(s: State, name: string, rules: QueueRules, declaredBy: string | null, now: number): void {
  const queue = s.queue(name);
  queue.rules = rules;
  if (rules.rateLimit === null) queue.starts = [];
  queue.declared = declaredBy === null || !isLimited(queue) ? null : { by: declaredBy, at: now };
  s.touch(queue);
  s.woken.add(name);
}

/** @returns the queues whose limits are cleared, in order of their names */
export function declare(
  s: State,
  appName: string,
  names: readonly string[],
  clearOthersNow: boolean,
  now: number,
): string[] {
  const declared = new Set(names);
  const cleared: string[] = [];
  for (const queue of s.queues.values()) {
    if (queue.declared?.by !== appName) continue;
    if (declared.has(queue.name)) {
      queue.declared = { by: appName, at: now };
      s.touch(queue);
    } else if (clearOthersNow || queue.declared.at + UNDECLARED_MS <= now) cleared.push(queue.name);
  }
  for (const name of cleared) configure(s, name, { rateLimit: null, concurrency: null }, null, now);
  return cleared.sort();
}

export function readyCount(queue: Row['queue']): number {
  return queue.ready.reduce((sum, level) => sum + level.size, 0);
}

/** Makes due executions ready, earliest first. @returns how many */
export function promote(s: State, limit: number, now: number): number {
  let done = 0;
  while (done < limit) {
    const row = s.delayed.popDue(now);
    if (!row) break;
    place(s, row);
    done++;
  }
  return done;
}

/** Wakes the queues whose rate limit has room again. */
export function wakeRefilled(s: State, now: number): void {
  for (const queue of s.queues.values()) {
    const refill = refillTime(queue);
    if (refill !== null && refill <= now) s.woken.add(queue.name);
  }
}

/** The next instant at which a promotion finds something to do, or null. */
export function nextDue(s: State, now: number): number | null {
  let next = Number.POSITIVE_INFINITY;
  for (const heap of [s.delayed, s.edgeTimeouts, s.lockWaiters.waits, s.locks.expiries, s.graces])
    next = Math.min(next, heap.peek()?.at ?? next);
  for (const queue of s.queues.values()) {
    const refill = refillTime(queue);
    if (refill !== null && refill > now) next = Math.min(next, refill);
  }
  return next === Number.POSITIVE_INFINITY ? null : next;
}

/** When a queue that its rate limit holds back may start again. */
function refillTime(queue: Row['queue']): number | null {
  const { rateLimit } = queue.rules;
  if (rateLimit === null || readyCount(queue) === 0) return null;
  return roomAt(queue.starts, rateLimit.max, rateLimit.per) || null;
}
