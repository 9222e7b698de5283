import type { LockNeed, RunToken } from '../../core/commands.js';
import type { ExecutionTransition } from '../../core/effects.js';
import type { RootCause, TaskAttempt } from '../../core/execution.js';
import type { ErrorInfo } from '../../core/failure.js';
import { ATTEMPTS_KEPT } from '../../core/limits.js';
import { assertTransition, type Verb } from '../../core/state-machine.js';
import { isTerminal, type TaskStatus } from '../../core/status.js';
import type { LockRecord, ScheduleRecord } from '../../engine/records.js';
import type { Counter, Tables } from '../../engine/tables.js';
import { iso } from '../views.js';
import * as enqueueing from './enqueue.js';
import * as history from './history.js';
import { Deadline } from './deadline.js';
import type { QueueRow, Row, WorkerRow, WorkflowRow } from './rows.js';
import type { MapsTick, ScheduleRow } from './schedule-row.js';
import { StateData } from './state-data.js';

/** All that a store on maps knows, as the tables of the engine. */
export class State extends StateData implements Tables {
  count(counter: Counter, by: number): void {
    this.counters[counter] += by;
  }

  execution(id: string | undefined): Row | undefined {
    return id === undefined ? undefined : this.executions.get(id);
  }

  unfinished(id: string | undefined): Row | undefined {
    const row = id === undefined ? undefined : this.executions.peek(id);
    return row !== undefined && !isTerminal(row.status) ? row : undefined;
  }

  lastTick({ lastExecutionId }: ScheduleRecord): Row | undefined {
    return this.execution(lastExecutionId);
  }

  lastStepBack(): number {
    return this.steppedBack;
  }

  touchExecution(row: Row): void {
    this.touch(row);
  }

  emitLock(transition: 'granted' | 'released' | 'lost', { key, fencingToken }: LockRecord, owner: string): void {
    this.effects.push({ kind: 'lock', transition, key, owner, fencingToken, time: this.now });
  }

  emitSchedule({ id, taskId }: ScheduleRecord, transition: 'put' | 'removed' | 'paused' | 'resumed' | 'fired'): void {
    this.effects.push({ kind: 'schedule', transition, scheduleId: id, taskId, time: this.now });
  }

  emitWorkflow({ workflowId, status }: WorkflowRow): void {
    this.effects.push({ kind: 'workflow', workflowId, status, time: this.now });
  }

  emitQueue(transition: 'paused' | 'resumed', { name }: QueueRow): void {
    this.effects.push({ kind: 'queue', transition, queue: name, time: this.now });
  }

  emitWorker(transition: 'joined' | 'draining' | 'left' | 'lost', { id }: WorkerRow): void {
    this.effects.push({ kind: 'worker', transition, workerId: id, time: this.now });
  }

  emitStale({ id }: WorkerRow, { executionId, leaseToken }: RunToken): void {
    this.effects.push({ kind: 'stale', executionId, leaseToken, workerId: id, time: this.now });
  }

  /** The only place that changes a status, so that counts never drift. */
  move(row: Row, verb: Verb, status: TaskStatus): void {
    assertTransition(verb, row.status, status);
    this.byStatus[row.status]--;
    this.byStatus[status]++;
    row.status = status;
    this.touch(row);
  }

  emitExecution(row: Row, transition: ExecutionTransition): void {
    if (!this.isSubscribed(transition)) return;
    this.effects.push({
      kind: 'execution',
      transition,
      executionId: row.id,
      taskId: row.task.taskId,
      status: row.status,
      queue: row.queue.name,
      priority: row.priority,
      time: this.now,
      workerId: row.lastWorkerId ?? null,
      workflowId: row.workflowId ?? null,
      result: row.result ?? null,
      error: row.error ?? null,
      reason: row.reason ?? null,
    });
  }

  countInMinute(status: 'COMPLETED' | 'FAILED', duration: number): void {
    history.countInMinute(this, status, duration);
  }

  runTime(row: Row): number {
    return history.runTime(row, this.now);
  }

  makeError(name: string, message: string, code: string): ErrorInfo {
    return { name, message, stack: null, code };
  }

  addRecentError(row: Row, error: ErrorInfo): void {
    history.rememberError(this, row, error, this.now);
  }

  queueOf(row: Row): QueueRow {
    return row.queue;
  }

  /** Nothing is claimed ahead. */
  isSimple(): boolean {
    return false;
  }

  startRun(row: Row, worker: WorkerRow): void {
    row.place = 'running';
    row.worker = worker;
    row.lastWorkerId = worker.id;
    if (row.extra !== null) row.extra.stepped = 0;
    worker.running.pushTail(row);
  }

  setRunDeadline(row: Row, at: number): void {
    const deadline = new Deadline(at, this.nextNumber(), row);
    row.more().bound = deadline;
    this.bounds.push(deadline);
  }

  endRun(row: Row): void {
    row.list!.remove(row);
    row.worker = null;
    const { extra } = row;
    if (extra === null) return;
    if (extra.bound) this.bounds.remove(extra.bound);
    if (extra.grace) this.graces.remove(extra.grace);
    extra.bound = extra.grace = null;
  }

  settleRun(_row: Row, end: () => void): boolean {
    end();
    return true;
  }

  addAttempt(row: Row, outcome: TaskAttempt['outcome'], error: ErrorInfo | undefined): void {
    const attempts = (row.attempts ??= []);
    attempts.push({
      attempt: row.runs,
      startedTime: iso(row.startedAt),
      endedTime: iso(this.now),
      workerId: row.lastWorkerId ?? null,
      outcome,
      error: error ?? null,
    });
    if (attempts.length > ATTEMPTS_KEPT) attempts.shift();
    this.touch(row);
  }

  hasAttempts(row: Row): boolean {
    return row.attempts !== undefined;
  }

  setCancelDeadline(row: Row, at: number): void {
    const deadline = new Deadline(at, this.nextNumber(), row);
    row.more().grace = deadline;
    this.graces.push(deadline);
  }

  eachDueCancel(end: (row: Row) => void): number {
    return this.graces.eachDue(this.now, ({ row }) => end(row));
  }

  eachPastDeadline(limit: number, visit: (row: Row) => void): void {
    let left = limit;
    for (const { at, row } of this.bounds.values()) if (at <= this.now && left-- > 0) visit(row);
  }

  eachRunOlderThan(duration: number, visit: (row: Row) => boolean): void {
    for (const { running } of this.workers.values()) {
      for (const row of running) {
        if (history.runTime(row, this.now) < duration) break;
        if (!visit(row)) return;
      }
    }
  }

  requireLock(row: Row, lock: LockNeed): void {
    row.more().lock = lock;
  }

  pushHead(row: Row): void {
    this.ready.pushHead(row);
  }

  pushTail(row: Row): void {
    this.ready.pushTail(row);
  }

  delay(row: Row): void {
    row.place = 'delayed';
    this.touch(row);
    this.delayed.push(row);
    this.emitDue(row.at);
  }

  eachDelayed(limit: number, place: (row: Row) => void): number {
    return this.delayed.eachDue(this.now, place, limit);
  }

  nextDeadline(): number | undefined {
    let next: number | undefined;
    for (const heap of [
      this.delayed,
      this.edges.timeouts,
      this.lockWaiters.waits,
      this.locks.expiries,
      this.graces,
      this.expiries.deadlines,
    ]) {
      const first = heap.peek();
      if (first !== undefined && (next === undefined || first.at < next)) next = first.at;
    }
    return next;
  }

  block(row: Row): void {
    row.place = 'dependencies';
    this.touch(row);
    this.waitingForDependencies++;
  }

  leave(row: Row): void {
    if (row.place === 'delayed') this.delayed.remove(row);
    else if (row.place === 'dependencies') this.waitingForDependencies--;
    else if (row.place === 'unhandled') this.unhandled.remove(row);
    else {
      if (row.place === 'lock') this.waitingForLock--;
      row.list?.remove(row);
    }
  }

  isBlocked(row: Row): boolean {
    return row.place === 'dependencies';
  }

  isDelayed(row: Row): boolean {
    return row.place === 'delayed';
  }

  rootCauseOf(row: Row): RootCause {
    return row.rootCause ?? { executionId: row.id, taskId: row.task.taskId, status: row.status };
  }

  newest(taskId: string): Row | undefined {
    return this.task(taskId).newest ?? undefined;
  }

  isWatched(row: Row): boolean {
    return row.task.watched;
  }

  isNewest(row: Row): boolean {
    return row.task.newest === row;
  }

  replaceNewest(row: Row): Row | undefined {
    const last = row.task.newest ?? undefined;
    row.task.newest = row;
    this.touch(row.task);
    return last;
  }

  createTick(schedule: ScheduleRow, id: string, { command }: MapsTick): Row {
    return enqueueing.createTick(this, { ...command, executionId: id }, schedule.id, this.now);
  }

  admitTick(row: Row, { command }: MapsTick, after: Row | undefined): void {
    enqueueing.admitTick(this, row, command, after);
  }
}
