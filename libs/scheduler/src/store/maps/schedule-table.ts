import type { ScheduleRecord } from '../../core/schedule.js';
import { nextTick } from '../../engine/schedule.js';
import type { ScheduleTable } from '../../engine/schedule-tables.js';
import type { Changed } from './changed.js';
import { ScheduleRow, toPort } from './schedule-row.js';

/** What the table needs of the state. */
interface ScheduleState {
  readonly now: number;
  attendedTime(): number;
  touch(record: Changed): void;
}

export class MapsScheduleTable implements ScheduleTable {
  private readonly rows = new Map<string, ScheduleRow>();

  constructor(private readonly s: ScheduleState) {}

  values(): Iterable<ScheduleRow> {
    return this.rows.values();
  }

  get(id: string): ScheduleRow | undefined {
    return this.rows.get(id);
  }

  find(id: string): ScheduleRecord | null {
    const row = this.rows.get(id);
    return row === undefined ? null : toPort(row);
  }

  list(): ScheduleRecord[] {
    return [...this.rows.values()].map(toPort);
  }

  create(id: string): ScheduleRow {
    const row = new ScheduleRow(id);
    this.restore(row);
    return row;
  }

  /** Adds one that was stored. */
  restore(row: ScheduleRow): void {
    this.rows.set(row.id, row);
  }

  touch(row: ScheduleRow): void {
    this.s.touch(row);
  }

  /** They are put in order when they are asked for. */
  order(row: ScheduleRow): void {
    this.touch(row);
  }

  delete(row: ScheduleRow): void {
    this.rows.delete(row.id);
    this.touch(row);
  }

  declare(appName: string, ids: readonly string[]): void {
    for (const id of ids) {
      const row = this.rows.get(id);
      if (row?.declaredBy === appName) this.setDeclared(row, this.s.attendedTime());
    }
  }

  undeclare(appName: string): void {
    for (const row of this.rows.values()) if (row.declaredBy === appName) this.setDeclared(row, 0);
  }

  undeclared(appName: string, age: number): ScheduleRow[] {
    const latest = this.s.attendedTime() - age;
    return [...this.rows.values()].filter((row) => row.declaredBy === appName && row.declaredAt <= latest);
  }

  /** Those whose next tick has come, earliest first, and the earliest tick of the others. */
  due(limit: number, skip: number): { now: number; schedules: ScheduleRecord[]; next: number | null } {
    const { now } = this.s;
    const armed = [...this.rows.values()].flatMap((row) => {
      const at = nextTick(row);
      return at === undefined ? [] : [{ row, at }];
    });
    armed.sort((a, b) => a.at - b.at || (a.row.id < b.row.id ? -1 : 1));
    const dueAfter = armed.findIndex(({ at }) => at > now);
    const end = Math.min(skip + limit, dueAfter === -1 ? armed.length : dueAfter);
    return { now, schedules: armed.slice(skip, end).map(({ row }) => toPort(row)), next: armed[end]?.at ?? null };
  }

  private setDeclared(row: ScheduleRow, at: number): void {
    row.declaredAt = at;
    this.touch(row);
  }
}
