import type { HandleWait, LockWaiter } from '../../engine/records.js';
import type { LockWaiterTable } from '../../engine/tables.js';
import { Heap } from './heap.js';
import type { LockState } from './lock-table.js';
import { Deadline } from './deadline.js';
import { LockLine, type LockRow, type ParkedHandle, type Row } from './rows.js';

/** NORMAL: the priority of handles. */
const HANDLE_PRIORITY = 2;

export class MapsLockWaiters implements LockWaiterTable {
  /** Waits of parked executions, by their ends. */
  readonly waits = new Heap<Deadline<Row>>();

  constructor(private readonly s: LockState) {}

  isEmpty(lock: LockRow): boolean {
    return lock.handles.size === 0 && lock.lines.size === 0;
  }

  first(lock: LockRow): LockWaiter | undefined {
    const line = lock.parked.peek();
    const handle = lock.handles.values().next().value;
    if (handle && isBefore(handle, line)) return { handle };
    return line && { execution: line.parked.head! };
  }

  isBefore(row: Row, other: Row): boolean {
    if (row.priority !== other.priority) return row.priority < other.priority;
    return row.parkNumber! <= other.parkNumber!;
  }

  lockOf(row: Row): LockRow | undefined {
    return row.place === 'lock' ? row.extra!.line!.lock : undefined;
  }

  firstOfLine(row: Row): Row {
    return row.extra!.line!.first ?? row;
  }

  park(lock: LockRow, row: Row): void {
    const extra = row.more();
    row.place = 'lock';
    this.s.waitingForLock++;
    if (extra.line === null) {
      extra.line = lineOf(lock, row);
      extra.line.parked.pushTail(row);
    } else {
      extra.line.first = null;
      extra.line.parked.pushHead(row);
    }
    sort(extra.line);
  }

  unpark(_lock: LockRow, row: Row): void {
    const line = row.extra!.line!;
    this.s.waitingForLock--;
    line.parked.remove(row);
    line.first = row;
    sort(line);
  }

  remove(row: Row): void {
    const extra = row.extra!;
    const { line } = extra;
    if (line === null) return;
    extra.line = null;
    if (line.first === row) line.first = null;
    sort(line);
  }

  startWait(row: Row, until: number): void {
    const extra = row.extra!;
    if (extra.lockWait) extra.lockWait.at = until;
    else extra.lockWait = new Deadline(until, this.s.nextNumber(), row);
    this.waits.push(extra.lockWait);
  }

  haltWait(row: Row): number {
    const wait = row.extra!.lockWait!;
    this.waits.remove(wait);
    return wait.at;
  }

  endWait(row: Row): void {
    const extra = row.extra!;
    if (extra.lockWait) this.waits.remove(extra.lockWait);
    extra.lockWait = null;
  }

  eachDue(end: (row: Row) => void): number {
    return this.waits.eachDue(this.s.now, ({ row }) => end(row));
  }

  putHandle(lock: LockRow, wait: HandleWait): void {
    const parkNumber = lock.handles.get(wait.owner)?.parkNumber ?? this.s.nextNumber();
    // The map keeps the place of an owner that is in it.
    lock.handles.set(wait.owner, { ...wait, parkNumber });
  }

  removeHandle(lock: LockRow, owner: string): boolean {
    return lock.handles.delete(owner);
  }

  /** After a restart: an execution that waited, parked or ready, in the order of their ranks. */
  restore(lock: LockRow, row: Row): void {
    const line = (row.extra!.line = lineOf(lock, row));
    if (row.place === 'lock') line.parked.putBack(row);
    else line.first = row;
    sort(line);
  }
}

export function waitingFor(lock: LockRow): number {
  let count = lock.handles.size;
  for (const line of lock.lines.values()) count += line.parked.size + (line.first === null ? 0 : 1);
  return count;
}

/** Those that are parked, by priority, in the order in which they came. */
export function parkedOf(lock: LockRow): Row[][] {
  const rows = [...lock.lines.values()].flatMap((line) => [...line.parked]);
  rows.sort((a, b) => a.parkNumber! - b.parkNumber!);
  return [0, 1, 2, 3, 4].map((priority) => rows.filter((row) => row.priority === priority));
}

function isBefore(handle: ParkedHandle, line: LockLine | undefined): boolean {
  if (line === undefined || line.at !== HANDLE_PRIORITY) return line === undefined || line.at > HANDLE_PRIORITY;
  return handle.parkNumber < line.order;
}

function lineOf(lock: LockRow, row: Row): LockLine {
  const name = `${row.priority}|${row.queue.name}|${row.task.taskId}`;
  let line = lock.lines.get(name);
  if (!line) lock.lines.set(name, (line = new LockLine(lock, name, row.priority)));
  return line;
}

/** Orders a line by its first parked execution. It has no place while its first is ready. */
function sort(line: LockLine): void {
  const { lock, name, parked, first } = line;
  lock.parked.remove(line);
  if (first === null && parked.head) {
    line.order = parked.head.parkNumber!;
    lock.parked.push(line);
  } else if (first === null) {
    lock.lines.delete(name);
  }
}
