import type { ReadyTable } from '../../engine/tables.js';
import type { Changed } from './changed.js';
import type { QueueRow, Row } from './rows.js';

/** What the table needs of the state. */
interface ReadyState {
  wake(queue: QueueRow): void;
  touch(record: Changed): void;
}

export class MapsReadyTable implements ReadyTable {
  constructor(private readonly s: ReadyState) {}

  pushHead(row: Row): void {
    this.enter(row);
    row.queue.ready[row.priority].pushHead(row);
  }

  pushTail(row: Row): void {
    this.enter(row);
    row.queue.ready[row.priority].pushTail(row);
  }

  count({ ready }: QueueRow): number {
    let count = 0;
    for (const list of ready) count += list.size;
    return count;
  }

  isEmpty(queue: QueueRow, level: number): boolean {
    return queue.ready[level]!.size === 0;
  }

  first(queue: QueueRow, level: number, _atMost: number, test: (row: Row) => boolean): Row | undefined {
    for (let row = queue.ready[level]!.head; row !== null; row = row.next) if (test(row)) return row;
    return undefined;
  }

  take(_queue: QueueRow, _level: number, row: Row): void {
    row.list!.remove(row);
  }

  /** What is not taken has never left its list. */
  putBack(): void {}

  isFull(): boolean {
    return false;
  }

  private enter(row: Row): void {
    row.place = 'ready';
    this.s.touch(row);
    this.s.wake(row.queue);
  }
}
