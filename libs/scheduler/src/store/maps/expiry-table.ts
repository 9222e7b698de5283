import type { ExpiryTable } from '../../engine/tables.js';
import { Deadline } from './deadline.js';
import { Heap } from './heap.js';
import type { Changed } from './changed.js';
import type { Row } from './rows.js';

/** What the table needs of the state. */
interface ExpiryState {
  readonly now: number;
  nextNumber(): number;
  touch(record: Changed): void;
}

export class MapsExpiryTable implements ExpiryTable {
  readonly deadlines = new Heap<Deadline<Row>>();

  constructor(private readonly s: ExpiryState) {}

  get(row: Row): number | undefined {
    return row.extra?.expiry?.at;
  }

  start(row: Row, at: number): void {
    this.finish(row);
    this.restore(row, at, this.s.nextNumber());
  }

  /** After a restart: a wait that was stored. */
  restore(row: Row, at: number, order: number): void {
    const deadline = new Deadline(at, order, row);
    row.more().expiry = deadline;
    this.deadlines.push(deadline);
    this.s.touch(row);
  }

  finish(row: Row): void {
    const { extra } = row;
    if (extra?.expiry == null) return;
    this.deadlines.remove(extra.expiry);
    extra.expiry = null;
    this.s.touch(row);
  }

  eachDue(expire: (row: Row) => void): number {
    return this.deadlines.eachDue(this.s.now, ({ row }) => expire(row));
  }
}
