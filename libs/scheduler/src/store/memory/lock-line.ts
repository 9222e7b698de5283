import * as queue from './queue.js';
import { Deadline, LockLine, type LockRow, type Row } from './rows.js';
import type { State } from './state.js';

/** Parks an execution on a lock: behind its line, or at its old place where it has stood ready meanwhile. */
export function park(s: State, lock: LockRow, row: Row, now: number): void {
  const extra = row.more();
  row.place = 'lock';
  s.touch(row);
  s.waitingForLock++;
  if (extra.line === null) {
    extra.line = lineOf(lock, row);
    extra.parkNumber = ++s.sequence;
    extra.line.parked.pushTail(row);
  } else {
    extra.line.first = null;
    extra.line.parked.pushHead(row);
  }
  sort(extra.line);
  const { maxWait } = extra.lock!;
  if (maxWait === null) return;
  if (extra.lockWait) extra.lockWait.at += now;
  else extra.lockWait = new Deadline(now + maxWait, ++s.sequence, row);
  s.lockWaits.push(extra.lockWait);
  s.effects.push({ kind: 'due', at: extra.lockWait.at });
}

/** Takes the first of a line from where it is parked: it is about to stand ready. Its wait stands still meanwhile. */
export function callFirst(s: State, line: LockLine, now: number): Row {
  const row = line.parked.head!;
  queue.leave(s, row);
  line.first = row;
  sort(line);
  const { lockWait } = row.extra!;
  if (lockWait) {
    s.lockWaits.remove(lockWait);
    lockWait.at = Math.max(0, lockWait.at - now);
  }
  return row;
}

/** An execution no longer waits for its lock: it has it, or has ended. */
export function leave(s: State, row: Row): void {
  const { lockWait, line } = row.extra!;
  if (lockWait) s.lockWaits.remove(lockWait);
  row.extra!.lockWait = null;
  if (line === null) return;
  row.extra!.line = null;
  row.extra!.parkNumber = 0;
  if (line.first === row) line.first = null;
  sort(line);
}

/** After a restart: an execution that waited, parked or standing ready. In the order of their ranks. */
export function rejoin(lock: LockRow, row: Row): void {
  const line = (row.extra!.line = lineOf(lock, row));
  if (row.place === 'lock') line.parked.putBack(row);
  else line.first = row;
  sort(line);
}

export function waitingOf(lock: LockRow): number {
  let count = 0;
  for (const line of lock.lines.values()) count += line.parked.size + (line.first === null ? 0 : 1);
  return count;
}

/** Those that are parked, by level, in the order in which they came. */
export function parkedOf(lock: LockRow): Row[][] {
  const rows = [...lock.lines.values()].flatMap((line) => [...line.parked]);
  rows.sort((a, b) => a.extra!.parkNumber - b.extra!.parkNumber);
  return [0, 1, 2, 3, 4].map((level) => rows.filter((row) => row.priority === level));
}

function lineOf(lock: LockRow, row: Row): LockLine {
  const name = `${row.priority}|${row.queue.name}|${row.task.taskId}`;
  let line = lock.lines.get(name);
  if (!line) lock.lines.set(name, (line = new LockLine(lock, name, row.priority)));
  return line;
}

/** Puts a line where its first parked execution belongs; out of the way while its first stands ready. */
function sort(line: LockLine): void {
  const { lock, name, parked, first } = line;
  lock.parked.remove(line);
  if (first === null && parked.head) {
    line.order = parked.head.extra!.parkNumber;
    lock.parked.push(line);
  } else if (first === null) {
    lock.lines.delete(name);
  }
}
