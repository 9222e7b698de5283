import type { Heap, HeapItem } from './heap.js';
import type { LockRow, Row } from './rows.js';
import type { State } from './state.js';

/**
 * Lets the state follow a step of the wall clock. What counts time that has passed (leases, locks, time-outs, waits, rate
 * limits) keeps what it has left. What names a date (ticks, `scheduledTime`) keeps its date; a step back delays nothing
 * that was due or that counts from an instant of the past.
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
  shift(s.edgeTimeouts, by, (edge) => s.touch(edge));
  shift(s.graces, by);
  shift(s.bounds, by);
  for (const lock of s.locks.values()) shiftWaits(lock, by);
  for (const queue of s.queues.values()) {
    if (queue.rules.rateLimit === null) continue;
    for (const starts of queue.starts) {
      starts.from += by;
      starts.at += by;
    }
    s.touch(queue);
  }
  if (by < 0) followBack(s, by, now);
  s.effects.push({ kind: 'clockStep', by: -by, time: now });
}

function shiftWaits(lock: LockRow, by: number): void {
  for (const wait of lock.handles.values()) {
    wait.deadline += by;
    wait.askedAt += by;
  }
}

function followBack(s: State, by: number, now: number): void {
  s.steppedBack = s.sequence;
  const delayed = [...s.delayed.values()].filter((row) => countsFromThePast(row, by, now));
  for (const row of delayed) s.delayed.remove(row);
  for (const row of delayed) {
    row.at += by;
    s.touch(row);
    s.delayed.push(row);
  }
  // Each schedule is looked at: its next tick is found by the new time.
  for (const schedule of s.schedules.values()) {
    const { nextRunTime } = schedule.record;
    if (nextRunTime === null || nextRunTime <= now) continue;
    schedule.record = { ...schedule.record, nextRunTime: now };
    s.touch(schedule);
  }
  // Minutes to come would outlive those of now.
  const minute = Math.floor(now / 60_000);
  while (s.window.length > 0 && s.window.at(-1)!.minute > minute) s.window.pop();
  s.effects.push({ kind: 'due', at: now });
}

/** Whether a delayed execution is due by the time before, or was put off by a length of time instead of a date. */
function countsFromThePast(row: Row, by: number, now: number): boolean {
  return !row.isDated || row.at <= now - by;
}

/** All by the same, so that their order stays. */
function shift<T extends HeapItem>(heap: Heap<T>, by: number, changed?: (item: T) => void): void {
  for (const item of heap.values()) {
    item.at += by;
    changed?.(item);
  }
}
