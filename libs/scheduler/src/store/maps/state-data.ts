import type { Effect, ExecutionTransition } from '../../core/effects.js';
import type { EdgeBudget } from '../../engine/edge-records.js';
import { noCounts, noStatuses } from '../no-counts.js';
import type { HistorySettings } from '../history-settings.js';
import type { StoreStats } from '../records.js';
import type { Changed } from './changed.js';
import type { Deadline } from './deadline.js';
import { MapsEdgeTable } from './edge-table.js';
import { Heap } from './heap.js';
import { MapsExpiryTable } from './expiry-table.js';
import { MapsHistoryTable } from './history-table.js';
import { MapsLockTable } from './lock-table.js';
import { MapsLockWaiters } from './lock-waiters.js';
import { MapsQueueTable } from './queue-table.js';
import { MapsReadyTable } from './ready-table.js';
import { MapsUnhandledTable } from './unhandled-table.js';
import { MapsWorkerTable } from './worker-table.js';
import { MapsKeyTable } from './key-table.js';
import { TaskRow, type QueueRow, type Row } from './rows.js';
import { MapsDefinitionTable } from './definition-table.js';
import { MapsScheduleTable } from './schedule-table.js';
import { MapsStepTable } from './step-table.js';
import { MapsWorkflowTable } from './workflow-table.js';

export interface MapsSettings {
  /** ms after a worker's last word until its runs are brought back. */
  lease: number;
  /** Maximum duration of an attempt that has no timeout, ms. */
  maxAttemptDuration: number;
  /** What is kept of finished executions and workflows, by outcome. */
  history: HistorySettings;
}

/** Ids that grow with time; those of ticks (`cron:…`) do not. */
export function isOrdered(executionId: string): boolean {
  return executionId < 'cron:';
}

/** Executions by id. */
export class Executions extends Map<string, Row> {
  private newestId = '';

  override set(executionId: string, row: Row): this {
    if (executionId > this.newestId && isOrdered(executionId)) this.newestId = executionId;
    return super.set(executionId, row);
  }

  /** A new id is usually above all others, which is known without its hash. */
  override has(executionId: string): boolean {
    return !(executionId > this.newestId && isOrdered(executionId)) && super.has(executionId);
  }

  /** Only where it is in memory: a store that keeps ended ones elsewhere brings them back by `get`. */
  peek(executionId: string): Row | undefined {
    return this.get(executionId);
  }
}

/** All that a store on maps knows. */
export class StateData {
  newestRow: Row | null = null;
  readonly queues = new MapsQueueTable(this);
  readonly ready = new MapsReadyTable(this);
  readonly unhandled = new MapsUnhandledTable(this);
  readonly expiries = new MapsExpiryTable(this);
  readonly tasks = new Map<string, TaskRow>();
  readonly workers = new MapsWorkerTable(this);
  readonly workflows = new MapsWorkflowTable(this);
  readonly definitions = new MapsDefinitionTable(this);
  readonly schedules = new MapsScheduleTable(this);
  readonly locks = new MapsLockTable(this);
  readonly lockWaiters = new MapsLockWaiters(this);
  readonly keys: MapsKeyTable = new MapsKeyTable(this);

  readonly delayed = new Heap<Row>();
  readonly graces = new Heap<Deadline<Row>>();
  readonly bounds = new Heap<Deadline<Row>>();

  readonly edges = new MapsEdgeTable(this);
  readonly steps = new MapsStepTable(this);
  readonly history: MapsHistoryTable;
  edgeBudget: EdgeBudget = { toDecide: 0, toMove: 0, bytes: 0 };

  /** Of the newest transition, ms. */
  now = 0;

  /** ms by which the wall clock has stepped. */
  stepped = 0;

  /** The sequence when the wall clock last went back. */
  steppedBack = 0;

  /** Counts what was made, and orders it. */
  sequence = 0;
  fencing = 0;

  readonly counters = noCounts();
  readonly byStatus = noStatuses();
  waitingForDependencies = 0;
  waitingForLock = 0;
  readonly window: StoreStats['window'] = [];
  readonly recentErrors: StoreStats['recentErrors'] = [];

  /** Effects of the transition under way, and queues in which it made work ready. */
  effects: Effect[] = [];
  readonly woken: QueueRow[] = [];

  constructor(
    /** Whether a listener wants events of this transition. */
    readonly isSubscribed: (transition: ExecutionTransition) => boolean,
    readonly settings: MapsSettings,
    readonly executions = new Executions(),
    /** What has changed since it was last written down; null: nobody writes it down. */
    private readonly changed: Set<Changed> | null = null,
  ) {
    this.history = new MapsHistoryTable(this, settings.history);
  }

  get lease(): number {
    return this.settings.lease;
  }

  steadyTime(): number {
    return this.now - this.stepped;
  }

  /** The only node is there whenever a call comes. */
  attendedTime(): number {
    return this.steadyTime();
  }

  get maxAttemptDuration(): number {
    return this.settings.maxAttemptDuration;
  }

  nextNumber(): number {
    return ++this.sequence;
  }

  nextFencingToken(): number {
    return ++this.fencing;
  }

  emitDue(at: number): void {
    this.effects.push({ kind: 'timerDue', at });
  }

  /** Called once for whatever a transition creates, changes or deletes, before or after it does. */
  touch(record: Changed): void {
    this.changed?.add(record);
  }

  /** Work in it may be claimed. */
  wake(queue: QueueRow): void {
    if (queue.paused || queue.isWoken) return;
    queue.isWoken = true;
    this.woken.push(queue);
  }

  queue(name: string): QueueRow {
    return this.queues.find(name);
  }

  task(taskId: string): TaskRow {
    let task = this.tasks.get(taskId);
    if (!task) this.tasks.set(taskId, (task = new TaskRow(taskId)));
    return task;
  }
}
