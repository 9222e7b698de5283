import type { UnhandledTable } from '../../engine/tables.js';
import type { Changed } from './changed.js';
import type { Row, TaskRow, WorkerRow } from './rows.js';

export class MapsUnhandledTable implements UnhandledTable {
  /** Tasks with such executions. */
  readonly tasks = new Set<TaskRow>();

  constructor(private readonly s: { touch(record: Changed): void }) {}

  has(row: Row): boolean {
    return row.place === 'unhandled';
  }

  add(row: Row): void {
    row.place = 'unhandled';
    this.s.touch(row);
    row.task.unhandled[row.priority].pushTail(row);
    this.tasks.add(row.task);
  }

  remove(row: Row): void {
    row.list!.remove(row);
  }

  each(worker: WorkerRow, level: number, visit: (row: Row) => boolean): void {
    if (this.tasks.size === 0) return;
    for (const task of this.tasks) {
      if (!worker.tasks.has(task.taskId)) continue;
      for (const row of task.unhandled[level]!) if (!visit(row)) return;
      if (task.unhandled.every((rows) => rows.size === 0)) this.tasks.delete(task);
    }
  }

  eachFirst(worker: WorkerRow, visit: (row: Row) => void): void {
    for (const task of this.tasks) {
      if (!worker.tasks.has(task.taskId)) continue;
      for (const { head } of task.unhandled) if (head !== null) visit(head);
    }
  }
}
