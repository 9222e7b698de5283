import type { ScheduleRecord } from './records.js';

/** Schedules by id, by their next tick (see `nextTick`), and by the app that declares them. */
export interface ScheduleTable {
  get(id: string): ScheduleRecord | undefined;
  /** Adds one without content, of revision 0. */
  create(id: string): ScheduleRecord;
  /** Marks it as changed. */
  touch(schedule: ScheduleRecord): void;
  /** Orders it by its next tick. It counts as changed. */
  order(schedule: ScheduleRecord): void;
  delete(schedule: ScheduleRecord): void;
  /** Notes that an app declares these now. */
  declare(appName: string, ids: readonly string[]): void;
  /** Lets all that an app declares count as not declared since ever. */
  undeclare(appName: string): void;
  /** Some of those that an app has declared, and not for so long. @param age ms of `attendedTime` */
  undeclared(appName: string, age: number): ScheduleRecord[];
}
