import { isTerminal } from '../../core/status.js';
import { StepRow } from '../maps/changed.js';
import { Deadline } from '../maps/deadline.js';
import { KeyRow } from '../maps/key-row.js';
import { restored } from '../maps/schedule-row.js';
import { Edge, LockRow, QueueRow, Row, WorkerRow, WorkflowRow, type Unit } from '../maps/rows.js';
import { toLimits } from '../maps/queue-table.js';
import type { State } from '../maps/state.js';
import { unlinkedRow, type StoredExecution, type StoredWorkflow } from './unlinked-row.js';
import type { EdgeTable } from './edge-table.js';
import type {
  EdgeRecord,
  ExtraRecord,
  KeyRecord,
  LockRecord,
  QueueRecord,
  Reference,
  ScheduleEntry,
  StepRecord,
  TaskEntry,
} from './codec.js';

interface Added {
  row: Row;
  edges: readonly EdgeRecord[];
  /** Whether they are from the table `edge`; an older release stored them in the execution's record. */
  isFromTable: boolean;
  lockWait: ExtraRecord['lockWait'];
  expiry: ExtraRecord['expiry'];
}

/**
 * Restores stored records in memory: first all executions, then records that refer to them, then ordered lists. Used at open,
 * and to load a component from history.
 */
export class Rebuilder {
  private readonly added: Added[] = [];

  private readonly workflows: WorkflowRow[] = [];

  /** After `link`: open edges whose upstream is not in the file or was set aside. */
  readonly lostEdges: Edge[] = [];

  /** Running workflows without open executions: their last ones were set aside. */
  get unclosed(): WorkflowRow[] {
    return this.workflows.filter(({ open, status }) => open === 0 && status === 'RUNNING');
  }

  /** @param table the edges that are not in the records themselves */
  constructor(
    private readonly s: State,
    private readonly table: EdgeTable,
  ) {}

  get rows(): Row[] {
    return this.added.map(({ row }) => row);
  }

  /** @throws Error if its edges cannot be read; then nothing has changed */
  execution(stored: StoredExecution): void {
    const { s } = this;
    const { edges = 0, lockWait, expiry } = stored.record.extra ?? {};
    const isFromTable = typeof edges === 'number';
    const found = !isFromTable ? edges : edges === 0 ? [] : this.table.of(stored.number, edges);
    s.queue(stored.record.queue);
    const row = unlinkedRow(s, stored);
    s.executions.set(row.id, row);
    s.byStatus[row.status]++;
    this.insertInOrder(row);
    this.added.push({ row, edges: found, isFromTable, lockWait, expiry });
  }

  workflow({ number, ended, record }: StoredWorkflow): WorkflowRow {
    const { s } = this;
    const workflow = new WorkflowRow(record.workflowId, record.name, record.createdTime, number);
    workflow.status = record.status;
    workflow.completedAt = record.completedTime;
    workflow.rank = ended;
    for (const { ref, execution, dependsOn } of record.nodes) {
      const row = this.resolve(execution);
      if (row.place !== 'gone') row.more().workflow = workflow;
      if (!isTerminal(row.status)) workflow.open++;
      else workflow.bytes += row.bytes;
      if (row.status === 'FAILED') workflow.failed++;
      if (row.status === 'CANCELLED') workflow.cancelled++;
      workflow.nodes.push({ ref, row, dependsOn });
    }
    s.workflows.set(workflow.workflowId, workflow);
    this.workflows.push(workflow);
    return workflow;
  }

  /** Restores edges and lists, after all executions. */
  link(): void {
    const { s, added } = this;
    const edges = added.flatMap((each) => this.edgesOf(each));
    edges.sort((a, b) => a.rank - b.rank);
    for (const edge of edges) this.attach(edge);
    for (const { row } of added) this.keepForEdges(row);
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
    for (const unit of units) this.addToLists(unit);
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
    if (task.newest) this.pin(task.newest);
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

  step(order: number, record: StepRecord): void {
    const { executionId, reopen, kind = reopen ? 'reopened' : 'ended', next, after, examined, late } = record;
    const row = this.s.executions.get(executionId);
    if (!row) throw new Error(`execution ${executionId} does not exist`);
    const dependents = row.extra?.dependents ?? [];
    const visited = after === undefined ? next : dependents.filter(({ rank }) => rank <= after).length;
    const step = new StepRow(order, row, kind, visited, late);
    step.examined = examined;
    this.s.steps.steps.push(step);
    if (kind === 'ended') row.endsToPropagate = (row.endsToPropagate ?? 0) + 1;
    if (kind !== 'arrived' && kind !== 'late') return;
    if (row.arrivalSteps === undefined) this.pin(row);
    row.arrivalSteps = (row.arrivalSteps ?? 0) + 1;
  }

  /**
   * After all steps, of which some could not be read: executions for which, as the others show, steps are still to be done.
   * Marks them as such.
   */
  withLostSteps(): Row[] {
    const found = new Set<Row>();
    for (const { row } of this.added) {
      if (row.edgesReleased !== undefined) found.add(row);
      if (row.arrivalNumber !== undefined) {
        if (row.arrivalSteps === undefined) this.pin(row);
        row.arrivalSteps ??= 1;
        found.add(row);
      }
      for (const edge of row.extra?.edges ?? []) {
        const { upstream } = edge;
        if (upstream === null || upstream.place === 'gone' || !isTerminal(upstream.status)) continue;
        if (isTerminal(row.status) || edge.state !== 'open') continue;
        upstream.endsToPropagate ??= 1;
        found.add(upstream);
      }
    }
    return [...found];
  }

  /** Inserts it into the list by creation: at its end during open, further down when loaded from history. */
  private insertInOrder(row: Row): void {
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
    // An older release stored them in the execution's record: both are written again.
    else for (const record of [row, ...made]) this.s.touch(record);
    return made;
  }

  private edge(row: Row, record: EdgeRecord): Edge {
    const task = this.s.task(record.taskId);
    const { order, ref, type, maxAge, reuse, timeout } = record;
    const edge = new Edge(order, row, task, { ref, type, maxAge: maxAge ?? undefined, reuse, timeout });
    edge.rank = record.rank ?? order;
    edge.state = record.state;
    edge.upstream = record.upstream ? this.resolve(record.upstream) : null;
    if (isOpen(edge)) row.openEdges++;
    if (record.due !== undefined) {
      edge.at = record.due;
      this.s.edges.timeouts.push(edge);
    }
    return edge;
  }

  private attach(edge: Edge): void {
    const { dependent, upstream, task } = edge;
    if (upstream === null) {
      if (edge.state === 'open') task.next.set(edge, edge.order);
      return;
    }
    if (upstream.place === 'gone' && edge.state === 'open') this.lostEdges.push(edge);
    const extra = upstream.more();
    (extra.dependents ??= []).push(edge);
    const workflow = this.s.workflows.of(dependent);
    if (workflow !== undefined && upstream.extra?.workflow === workflow) return;
    dependent.hasExternalEdges = true;
    if (!isHeld(edge)) return;
    extra.liveDependents++;
    this.pin(upstream);
  }

  /** Restores the counters of an ended execution whose edges are not all released. */
  private keepForEdges(row: Row): void {
    if (row.edgesToReattach !== undefined) row.openEdges++;
    else if (row.edgesReleased !== undefined) {
      row.isKeptForEdges = true;
      this.pin(row);
    }
  }

  /** Counts a need for a member of a workflow from outside of the workflow. */
  private pin(row: Row): void {
    const workflow = this.s.workflows.of(row);
    if (workflow !== undefined) workflow.pins++;
  }

  /** Resolves a reference. If the execution was dropped or set aside, a placeholder that is gone (FAILED if set aside). */
  private resolve({ id, taskId, status }: Reference): Row {
    const found = this.s.executions.get(id);
    if (found) return found;
    const command = { executionId: id, priority: 0, payload: null, timeout: null } as const;
    const row = new Row(0, this.s.task(taskId), new QueueRow(''), 0, command, 0);
    row.status = isTerminal(status) ? status : 'FAILED';
    row.place = 'gone';
    return row;
  }

  /** Adds a unit to its list; called in the order of ranks. */
  private addToLists(row: Unit): void {
    const { s } = this;
    if (row instanceof WorkflowRow) {
      if (row.rank > 0) s.history.restore(row);
      return;
    }
    switch (row.place) {
      case 'ready':
        this.rejoinLine(row);
        return row.queue.ready[row.priority].putBack(row);
      case 'unhandled':
        this.rejoinLine(row);
        return s.unhandled.restore(row);
      case 'lock':
        s.waitingForLock++;
        return this.rejoinLine(row);
      case 'history':
        // Its workflow has a place, where it has one.
        if (s.workflows.of(row) !== undefined) row.place = 'kept';
        else s.history.restore(row);
        return;
      case 'running':
        row.worker = this.lostWorker(row.lastWorkerId!);
        row.queue.running++;
        return row.worker.running.putBack(row);
      default:
        return;
    }
  }

  /** Adds it to the waiters of its lock, if it waits. */
  private rejoinLine(row: Row): void {
    if (row.lockKey === undefined || row.parkNumber === undefined) return;
    const lock = this.s.locks.get(row.lockKey);
    if (lock) this.s.lockWaiters.restore(lock, row);
    else row.parkNumber = undefined;
  }

  /** A worker of the process that ended: known so far that its runs can be brought back. */
  private lostWorker(workerId: string): WorkerRow {
    const { workers } = this.s;
    let worker = workers.get(workerId);
    const unknown = { hostname: '', pid: 0, appName: '', version: '', tasks: [], queues: [], maxConcurrentTasks: 0 };
    if (!worker) workers.restore((worker = new WorkerRow({ workerId, ...unknown }, 0)));
    return worker;
  }
}

/** Whether an edge counts as open. Of an ended execution, those are the edges that are not satisfied. */
function isOpen({ state, index, dependent }: Edge): boolean {
  if (isTerminal(dependent.status)) return state !== 'held';
  return state === 'open' && index > (dependent.edgesToReattach ?? 0);
}

/** Whether the upstream counts the edge as a live dependent. */
function isHeld({ index, dependent }: Edge): boolean {
  const released = dependent.edgesReleased ?? (isTerminal(dependent.status) ? index : 0);
  return index > released;
}
