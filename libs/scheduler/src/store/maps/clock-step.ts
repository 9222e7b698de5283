import type { Heap, HeapItem } from './heap.js';
import type { LockRow } from './rows.js';
import type { State } from './state.js';

/**
 * Lets the state follow a step of the wall clock. What counts time that has passed (leases, locks, time-outs, waits, rate
 * limits, delays, retries) keeps what it has left. What names a date (ticks, `scheduledTime`) keeps its date; a step back
 * delays nothing that was due.
 * @param by ms, negative: back
 * @param now after the step
 */
export function followStep(s: State, by: number, now: number): void {
  for (const worker of s.workers.values()) {
    worker.leaseUntil += by;
    for (const row of worker.running) row.more().stepped += by;
  }
  shift(s.locks.expiries, by, (lock) => s.touch(lock));
  shift(s.lockWaiters.waits, by, ({ row }) => s.touch(row));
  shift(s.edges.timeouts, by, (edge) => s.touch(edge));
  shift(s.graces, by);
  shift(s.expiries.deadlines, by, ({ row }) => s.touch(row));
  shift(s.bounds, by);
  for (const lock of s.locks.values()) shiftWaits(lock, by);
  for (const queue of s.queues.values()) {
    if (queue.max === undefined) continue;
    for (const starts of queue.starts) {
      starts.from += by;
      starts.at += by;
    }
    s.touch(queue);
  }
  s.stepped += by;
  followDelays(s, by, now);
  if (by < 0) followBack(s, now);
  s.effects.push({ kind: 'clockStep', by: -by, time: now });
}

function shiftWaits(lock: LockRow, by: number): void {
  for (const wait of lock.handles.values()) {
    wait.deadline += by;
    wait.askedAt += by;
  }
}

function followBack(s: State, now: number): void {
  s.steppedBack = s.sequence;
  // Each schedule is looked at: its next tick is found by the new time.
  for (const schedule of s.schedules.values()) {
    if (schedule.nextRunTime === undefined || schedule.nextRunTime <= now) continue;
    schedule.nextRunTime = now;
    s.schedules.order(schedule);
  }
  // Minutes to come would outlive those of now.
  const minute = Math.floor(now / 60_000);
  while (s.window.length > 0 && s.window.at(-1)!.minute > minute) s.window.pop();
  s.emitDue(now);
}

/** Delays and retries keep what they have left. A date stays, unless it was reached before a step back. */
function followDelays(s: State, by: number, now: number): void {
  const moved = [...s.delayed.values()].filter((row) => !row.isDated || (by < 0 && row.at <= now - by));
  for (const row of moved) s.delayed.remove(row);
  for (const row of moved) {
    row.at += by;
    s.touch(row);
    s.delayed.push(row);
  }
}

/** All by the same, so that their order stays. */
function shift<T extends HeapItem>(heap: Heap<T>, by: number, changed?: (item: T) => void): void {
  for (const item of heap.values()) {
    item.at += by;
    changed?.(item);
  }
}
