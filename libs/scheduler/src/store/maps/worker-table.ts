import type { RunToken } from '../../engine/records.js';
import { isRunOf } from '../../engine/settle.js';
import type { WorkerTable } from '../../engine/tables.js';
import type { WorkerRegistration } from '../records.js';
import { WorkerRow, type QueueRow, type Row } from './rows.js';

/** What the table needs of the state. */
interface WorkerState {
  readonly now: number;
  queue(name: string): QueueRow;
  readonly executions: { get(id: string): Row | undefined };
}

export class MapsWorkerTable implements WorkerTable {
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

  describe(workerId: string, about: WorkerRegistration): WorkerRow {
    let worker = this.rows.get(workerId);
    if (worker === undefined) {
      this.rows.set(workerId, (worker = new WorkerRow(about, this.s.now)));
      return worker;
    }
    worker.registration = about;
    worker.tasks = new Set(about.tasks);
    for (const pipeline of worker.pipelines.values()) pipeline.isReset = true;
    return worker;
  }

  setLease(worker: WorkerRow, until: number): void {
    worker.lastBeatTime = this.s.now;
    worker.leaseUntil = until;
  }

  /** After a restart: a worker of the process that ended, of which the runs are known. */
  restore(worker: WorkerRow): void {
    this.rows.set(worker.id, worker);
  }

  delete(worker: WorkerRow): void {
    this.rows.delete(worker.id);
  }

  lost(): readonly WorkerRow[] {
    return [...this.rows.values()].filter(({ leaseUntil }) => leaseUntil <= this.s.now);
  }

  /** Workers end with their process: nothing of them is written down. */
  touch(): void {}

  queuesOf({ registration: hello }: WorkerRow): readonly QueueRow[] {
    return hello.queues.map((name) => this.s.queue(name));
  }

  serves({ registration: hello }: WorkerRow, { name }: QueueRow): boolean {
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

  hasRun(worker: WorkerRow, run: RunToken): boolean {
    const row = this.s.executions.get(run.executionId);
    return row !== undefined && isRunOf(row, worker, run);
  }

  eachRun({ running }: WorkerRow, visit: (row: Row) => void): void {
    for (const row of running) visit(row);
  }

  takeRuns({ running }: WorkerRow, limit: number, take: (row: Row) => void): number {
    let done = 0;
    for (; done < limit && running.tail !== null; done++) take(running.tail);
    return done;
  }
}
