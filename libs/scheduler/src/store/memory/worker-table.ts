import type { WorkerTable } from '../../engine/tables.js';
import type { QueueRow, Row, WorkerRow } from './rows.js';

/** What the table needs of the state. */
interface WorkerState {
  readonly now: number;
  queue(name: string): QueueRow;
}

export class MemoryWorkerTable implements WorkerTable {
  private readonly rows = new Map<string, WorkerRow>();

  constructor(private readonly s: WorkerState) {}

  get size(): number {
    return this.rows.size;
  }

  values(): Iterable<WorkerRow> {
    return this.rows.values();
  }

  [Symbol.iterator](): Iterator<[string, WorkerRow]> {
    return this.rows[Symbol.iterator]();
  }

  get(workerId: string): WorkerRow | undefined {
    return this.rows.get(workerId);
  }

  set(workerId: string, worker: WorkerRow): void {
    this.rows.set(workerId, worker);
  }

  delete(workerId: string): void {
    this.rows.delete(workerId);
  }

  /** Workers end with their process: nothing of them is written down. */
  touch(): void {}

  queuesOf({ hello }: WorkerRow): readonly QueueRow[] {
    return hello.queues.map((name) => this.s.queue(name));
  }

  serves({ hello }: WorkerRow, { name }: QueueRow): boolean {
    return hello.queues.includes(name);
  }

  canRun({ tasks }: WorkerRow, { task }: Row): boolean {
    return tasks.has(task.taskId);
  }

  countRuns({ running }: WorkerRow): number {
    return running.size;
  }

  someAlive(test: (worker: WorkerRow) => boolean): boolean {
    for (const worker of this.rows.values()) if (worker.leaseUntil > this.s.now && test(worker)) return true;
    return false;
  }

  eachRun({ running }: WorkerRow, visit: (row: Row) => void): void {
    for (const row of running) visit(row);
  }
}
