import type { UnhandledTable } from '../../engine/tables.js';
import type { Changed } from './changed.js';
import { LinkedList } from './list.js';
import type { QueueRow, Row, TaskRow, WorkerRow } from './rows.js';

/** Lists of one queue, by level and task: those that are empty are not among them. */
type Lists = Map<TaskRow, LinkedList<Row>>[];

export class MapsUnhandledTable implements UnhandledTable {
  /** Tasks with such executions, and how many. */
  readonly tasks = new Map<TaskRow, number>();
  size = 0;
  private readonly queues = new Map<QueueRow, Lists>();

  constructor(private readonly s: { touch(record: Changed): void }) {}

  has(row: Row): boolean {
    return row.place === 'unhandled';
  }

  add(row: Row): void {
    row.place = 'unhandled';
    this.s.touch(row);
    this.listOf(row).pushTail(row);
    this.count(row, 1);
  }

  restore(row: Row): void {
    this.listOf(row).putBack(row);
    this.count(row, 1);
  }

  remove(row: Row): void {
    row.list!.remove(row);
    this.count(row, -1);
    const lists = this.queues.get(row.queue)!;
    const level = lists[row.priority]!;
    if (level.get(row.task)!.size > 0) return;
    level.delete(row.task);
    if (lists.every(({ size }) => size === 0)) this.queues.delete(row.queue);
  }

  each(worker: WorkerRow, queue: QueueRow, level: number, visit: (row: Row) => boolean): void {
    for (const [task, rows] of this.queues.get(queue)?.[level] ?? []) {
      if (!worker.tasks.has(task.taskId)) continue;
      for (const row of rows) if (!visit(row)) return;
    }
  }

  hasFor(worker: WorkerRow, queue: QueueRow): boolean {
    const lists = this.queues.get(queue) ?? [];
    return lists.some((level) => [...level.keys()].some(({ taskId }) => worker.tasks.has(taskId)));
  }

  /** The rows of each queue that has any, by level and list. */
  *all(): Iterable<[queue: string, rows: Row[][]]> {
    for (const [{ name }, lists] of this.queues)
      yield [name, lists.map((level) => [...level.values()].flatMap((rows) => [...rows]))];
  }

  private listOf({ queue, priority, task }: Row): LinkedList<Row> {
    let lists = this.queues.get(queue);
    if (!lists) this.queues.set(queue, (lists = Array.from({ length: 5 }, () => new Map<TaskRow, LinkedList<Row>>())));
    const level = lists[priority]!;
    let list = level.get(task);
    if (!list) level.set(task, (list = new LinkedList()));
    return list;
  }

  private count({ task }: Row, by: number): void {
    this.size += by;
    const count = (this.tasks.get(task) ?? 0) + by;
    if (count > 0) this.tasks.set(task, count);
    else this.tasks.delete(task);
  }
}
