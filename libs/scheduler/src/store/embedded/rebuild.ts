import { isTerminal, type TerminalStatus } from '../../core/status.js';
import { Deadline } from '../memory/deadline.js';
import { KeyRow } from '../memory/key-row.js';
import { restored } from '../memory/schedule-row.js';
import { Edge, LockRow, QueueRow, Row, SpreadStep, WorkerRow, WorkflowRow, type Unit } from '../memory/rows.js';
import * as history from '../memory/history.js';
import { toLimits } from '../memory/queue-table.js';
import type { State } from '../memory/state.js';
import type { EdgeTable } from './edge-table.js';
import type {
  EdgeRecord,
  ExecutionRecord,
  ExtraRecord,
  KeyRecord,
  LockRecord,
  QueueRecord,
  Reference,
  ScheduleEntry,
  SpreadRecord,
  TaskEntry,
  WorkflowRecord,
} from './codec.js';
import { bytes, weight } from '../memory/weight.js';

/** An execution as the database gives it. */
export interface StoredExecution {
  number: number;
  record: ExecutionRecord;
  payload: string | null;
  result: string | null;
}

export interface StoredWorkflow {
  number: number;
  ended: number;
  record: WorkflowRecord;
}

interface Added {
  row: Row;
  edges: readonly EdgeRecord[];
  /** Whether they are in the table, and not in the record of a release before it. */
  isFromTable: boolean;
  lockWait: ExtraRecord['lockWait'];
  expiry: ExtraRecord['expiry'];
}

/** Executions as they were, but for what they hang on: for those who only look. */
export function detached(s: State, { number, record, payload, result }: StoredExecution): Row {
  const { executionId, priority, timeout = null, budget = null } = record;
  const queue = s.queues.get(record.queue) ?? new QueueRow(record.queue);
  const command = { executionId, priority, payload, timeout, budget };
  const row = new Row(number, s.task(record.taskId), queue, record.createdTime, command, record.at);
  row.status = record.status;
  row.place = record.place;
  row.rank = record.rank ?? 0;
  row.ttl = record.ttl;
  row.isDated = !record.putOff || undefined;
  row.startedAt = record.startedTime ?? 0;
  row.completedAt = record.completedTime ?? 0;
  row.cancelRequestedAt = record.cancelRequestedTime ?? 0;
  row.leaseToken = record.attempt ?? 0;
  row.runs = record.run ?? 0;
  row.failures = record.failures ?? 0;
  row.crashes = record.crashes ?? 0;
  row.snoozes = record.snoozes ?? 0;
  row.lastWorkerId = record.workerId;
  row.result = result ?? undefined;
  row.error = record.error;
  row.reason = record.reason;
  row.attempts = record.attempts;
  if (record.extra) restoreExtra(s, row, record.extra);
  return row;
}

function restoreExtra(s: State, row: Row, record: ExtraRecord): void {
  const extra = row.more();
  extra.usedBy = record.usedBy ? new Set(record.usedBy.map((taskId) => s.task(taskId))) : null;
  extra.lock = record.lock ?? null;
  extra.parkNumber = record.parkNumber;
  extra.fencingToken = record.fencingToken;
  extra.tags = record.tags ?? null;
  extra.ref = record.ref ?? null;
  extra.schedule = record.schedule ?? null;
  extra.progress = record.progress ?? null;
  extra.logs = record.logs ?? null;
  extra.rootCause = record.rootCause;
  if (record.workflow) {
    const { number, workflowId, name, createdTime } = record.workflow;
    // Only until the workflow itself is linked, which may have left history before its executions.
    extra.workflow = new WorkflowRow(workflowId, name, createdTime, number);
  }
}

/**
 * Puts what was on disk back into memory. First all executions, then what names them, then what must be in order.
 * It serves the opening, and the return of a family out of history.
 */
export class Rebuilder {
  private readonly added: Added[] = [];

  private readonly workflows: WorkflowRow[] = [];

  /** @param table where edges are that are not in the records themselves */
  constructor(
    private readonly s: State,
    private readonly table: EdgeTable,
  ) {}

  get rows(): Row[] {
    return this.added.map(({ row }) => row);
  }

  /** @throws Error if its edges cannot be treated; then nothing has changed */
  execution(stored: StoredExecution): void {
    const { s } = this;
    const { edges = 0, lockWait, expiry } = stored.record.extra ?? {};
    const isFromTable = typeof edges === 'number';
    const found = !isFromTable ? edges : edges === 0 ? [] : this.table.of(stored.number, edges);
    s.queue(stored.record.queue);
    const row = detached(s, stored);
    s.executions.set(row.id, row);
    s.byStatus[row.status]++;
    this.chain(row);
    this.added.push({ row, edges: found, isFromTable, lockWait, expiry });
  }

  workflow({ number, ended, record }: StoredWorkflow): WorkflowRow {
    const { s } = this;
    const workflow = new WorkflowRow(record.workflowId, record.name, record.createdTime, number);
    workflow.status = record.status;
    workflow.completedAt = record.completedTime;
    workflow.rank = ended;
    for (const { ref, execution, dependsOn } of record.nodes) {
      const row = this.find(execution);
      if (row.place !== 'gone') row.more().workflow = workflow;
      if (!isTerminal(row.status)) workflow.open++;
      else workflow.bytes += bytes(row);
      if (row.status === 'FAILED') workflow.failed++;
      if (row.status === 'CANCELLED') workflow.cancelled++;
      workflow.nodes.push({ ref, row, dependsOn });
    }
    s.workflows.set(workflow.workflowId, workflow);
    this.workflows.push(workflow);
    return workflow;
  }

  /** Edges and places, once all executions are there. */
  link(): void {
    const { s, added } = this;
    const edges = added.flatMap((each) => this.edgesOf(each));
    edges.sort((a, b) => a.order - b.order);
    for (const edge of edges) this.attach(edge);
    for (const { row, lockWait, expiry } of added) {
      if (row.place === 'delayed') s.delayed.push(row);
      if (row.place === 'dependencies') s.waitingForDependencies++;
      if (expiry) s.expiries.restore(row, ...expiry);
      if (!lockWait) continue;
      row.extra!.lockWait = new Deadline(...lockWait, row);
      if (row.place === 'lock') s.lockWaiters.waits.push(row.extra!.lockWait);
      else row.extra!.lockWaitLeft = row.extra!.lockWait.at;
    }
    const units = [...added.map(({ row }) => row), ...this.workflows].sort((a, b) => a.rank - b.rank);
    for (const unit of units) this.enlist(unit);
  }

  queue(name: string, { paused, rules, declared, starts = [] }: QueueRecord): void {
    const limits = toLimits(rules);
    Object.assign(this.s.queue(name), {
      paused,
      ...limits,
      declaredBy: declared?.by,
      declaredAt: declared?.at,
      starts,
    });
  }

  /** After the executions. */
  task(taskId: string, { mirror, watched, newest }: TaskEntry): void {
    const task = this.s.task(taskId);
    task.mirror = mirror;
    task.watched = watched;
    task.newest = newest === null ? null : (this.s.executions.get(newest) ?? null);
    if (task.newest) this.pin(task.newest, null);
  }

  /** Before `link`, since executions wait in it. */
  lock(key: string, { order, at, fencingToken, holder, handle, reserved }: LockRecord): void {
    const { s } = this;
    const lock = new LockRow(key, order);
    lock.at = at;
    lock.fencingToken = fencingToken;
    lock.handle = handle ?? undefined;
    const running = holder === null ? undefined : s.executions.get(holder);
    lock.holder = running?.id;
    lock.reserved = reserved === null ? undefined : s.executions.get(reserved)?.id;
    if (running) running.heldLock = key;
    s.locks.restore(lock);
  }

  schedule({ record, declaredAt = 0 }: ScheduleEntry): void {
    this.s.schedules.restore(restored(record, declaredAt));
  }

  key(key: string, { executionId, fingerprint, expiresAt }: KeyRecord): void {
    this.s.keys.restore(new KeyRow(key, executionId, fingerprint, expiresAt));
  }

  spread(order: number, { executionId, reopen, next }: SpreadRecord): void {
    const row = this.s.executions.get(executionId);
    if (!row) throw new Error(`there is no execution ${executionId}`);
    const step = new SpreadStep(order, row, reopen);
    step.next = next;
    this.s.continuation.push(step);
  }

  /** Into the order of creation: at its end when all is read in that order, further down for what returns. */
  private chain(row: Row): void {
    const { s } = this;
    let newer: Row | null = null;
    let older = s.newestRow;
    while (older !== null && older.order > row.order) [newer, older] = [older, older.older];
    [row.newer, row.older] = [newer, older];
    if (newer) newer.older = row;
    else s.newestRow = row;
    if (older) older.newer = row;
  }

  private edgesOf({ row, edges, isFromTable }: Added): Edge[] {
    const made = edges.map((record) => this.edge(row, record));
    if (isFromTable) made.forEach((edge, i) => this.table.read(edge, edges[i]!.upstream?.status ?? null));
    // From a release that kept them in the execution's record: both are written anew.
    else for (const record of [row, ...made]) this.s.touch(record);
    return made;
  }

  private edge(row: Row, record: EdgeRecord): Edge {
    const task = this.s.task(record.taskId);
    const { order, ref, type, maxAge, reuse, timeout = null } = record;
    const edge = new Edge(order, row, task, ref, type, maxAge, reuse, timeout);
    edge.state = record.state;
    edge.upstream = record.upstream ? this.find(record.upstream) : null;
    (row.more().edges ??= []).push(edge);
    if (edge.state === 'open') row.openEdges++;
    if (record.due !== undefined) {
      edge.at = record.due;
      this.s.edgeTimeouts.push(edge);
    }
    return edge;
  }

  private attach(edge: Edge): void {
    const live = !isTerminal(edge.dependent.status);
    if (edge.upstream === null) {
      if (live && edge.state === 'open') edge.task.next.add(edge);
      return;
    }
    const upstream = edge.upstream.more();
    (upstream.dependents ??= []).push(edge);
    if (!live) return;
    upstream.liveDependents++;
    this.pin(edge.upstream, edge.dependent);
  }

  /** Counts who needs an execution of a workflow from outside of it. */
  private pin(row: Row, by: Row | null): void {
    const workflow = history.workflowOf(this.s, row);
    if (workflow !== null && by?.extra?.workflow !== workflow) workflow.pins++;
  }

  /** What another record names; a stand-in that is gone for what history has dropped meanwhile. */
  private find({ id, taskId, status }: Reference): Row {
    const found = this.s.executions.get(id);
    if (found) return found;
    const command = { executionId: id, priority: 0, payload: null, timeout: null } as const;
    const row = new Row(0, this.s.task(taskId), new QueueRow(''), 0, command, 0);
    row.status = status;
    row.place = 'gone';
    return row;
  }

  /** By rank, so that each list has its order again. */
  private enlist(row: Unit): void {
    const { s } = this;
    if (row instanceof WorkflowRow) {
      if (row.rank > 0) this.shelve(row);
      return;
    }
    switch (row.place) {
      case 'ready':
        this.rejoin(row);
        return row.queue.ready[row.priority].putBack(row);
      case 'unhandled':
        this.rejoin(row);
        s.unhandled.tasks.add(row.task);
        return row.task.unhandled[row.priority].putBack(row);
      case 'lock':
        s.waitingForLock++;
        return this.rejoin(row);
      case 'history':
        // Its workflow has a place, where it has one.
        if (history.workflowOf(s, row) !== null) row.place = 'kept';
        else this.shelve(row);
        return;
      case 'running':
        row.worker = this.lostWorker(row.lastWorkerId!);
        row.queue.running++;
        return row.worker.running.putBack(row);
      default:
        return;
    }
  }

  /** Among those that wait for its lock, if it does. */
  private rejoin(row: Row): void {
    if (row.lockKey === undefined || row.parkNumber === undefined) return;
    const lock = this.s.locks.get(row.lockKey);
    if (lock) this.s.lockWaiters.restore(lock, row);
    else row.parkNumber = undefined;
  }

  private shelve(unit: Unit): void {
    const shelf = this.s.history[unit.status as TerminalStatus];
    shelf.units.putBack(unit);
    shelf.bytes += weight(unit);
  }

  /** A worker of the process that ended: known so far that its runs can be brought back. */
  private lostWorker(workerId: string): WorkerRow {
    const { workers } = this.s;
    let worker = workers.get(workerId);
    const nothing = { hostname: '', pid: 0, appName: '', version: '', tasks: [], queues: [], maxConcurrentTasks: 0 };
    if (!worker) workers.restore((worker = new WorkerRow({ workerId, ...nothing }, 0)));
    return worker;
  }
}
