import type { FireCommand, NewExecution, NewWorkflow, RunToken, Settlement } from '../../core/commands.js';
import type { TaskExecution } from '../../core/execution.js';
import type { ScheduleRecord } from '../../core/schedule.js';
import type { TaskRecord } from '../../core/task-definition.js';
import type {
  ExpiredRun,
  ListExecutionsQuery,
  LockGrant,
  LockInfo,
  LockWait,
  Page,
  QueueRules,
  StoreStats,
  StatusChange,
  WorkerRegistration,
  WorkerInfo,
  WorkflowInfo,
} from '../records.js';
import { ALL_DUE, type Due } from '../due.js';
import type { HeartbeatReply, ExchangeReply, ExchangeRequest, StepReply, TaskStore } from '../task-store.js';
import { claim } from './claim.js';
import { dump } from './dump.js';
import * as enqueueing from './enqueue.js';
import * as inspect from './inspect.js';
import { cancel } from '../../engine/cancel.js';
import { propagate, timeOut } from '../../engine/dependency.js';
import { reopen } from '../../engine/finish.js';
import { trim } from '../../engine/history.js';
import { configure, nextDue, pause, promote, resume, wakeRefilled } from '../../engine/queue.js';
import { current, settleExpired } from '../../engine/settle.js';
import {
  heartbeat,
  drain,
  endWaits,
  deregister,
  register,
  isOvertaken,
  renewLease,
  rescueLost,
} from '../../engine/worker.js';
import { expire as expireLocks } from '../../engine/lock.js';
import * as handles from '../../engine/lock-handles.js';
import * as schedule from '../../engine/schedule.js';
import * as task from '../../engine/task.js';
import { report, type Report } from './report.js';
import * as lockView from './lock-view.js';
import { declareQueues, toLimits } from './queue-table.js';
import type { Row } from './rows.js';
import type { State } from './state.js';
import { MapsStoreBase } from './maps-store-base.js';
import { fireRequest, fromPort, toPort, type GivenSchedule, type ScheduleRow } from './schedule-row.js';
import { settleAll } from './settle.js';
import * as tasks from './tasks.js';
import * as worker from './worker.js';
import * as workflow from './workflow.js';

/**
 * All verbs on maps, and the readable specification of each. Each verb is one synchronous transition: it runs to its end
 * within the call.
 */
export class MapsTaskStore extends MapsStoreBase implements TaskStore {
  // ---- definitions ---------------------------------------------------------------------------------------------

  putTasks(mirrors: readonly TaskRecord[]): Promise<void> {
    return this.commit((s) => mirrors.forEach((mirror) => task.put(s, mirror)));
  }

  removeTask(taskId: string): Promise<boolean> {
    return this.commit((s) => tasks.remove(s, taskId));
  }

  getTask(taskId: string): Promise<TaskRecord | null> {
    return this.read((s) => s.tasks.get(taskId)?.mirror ?? null);
  }

  listTasks(): Promise<TaskRecord[]> {
    return this.read((s) => [...s.tasks.values()].flatMap((task) => task.mirror ?? []));
  }

  // ---- queue ---------------------------------------------------------------------------------------------------

  enqueue(batch: readonly NewExecution[]): Promise<string[]> {
    return this.commit((s, now) => enqueueing.enqueue(s, batch, now));
  }

  pauseQueue(name: string): Promise<void> {
    return this.commit((s) => void pause(s, s.queue(name)));
  }

  resumeQueue(name: string): Promise<void> {
    return this.commit((s) => void resume(s, s.queue(name)));
  }

  configureQueue(name: string, rules: QueueRules, declaredBy: string | null = null): Promise<void> {
    return this.commit((s) => configure(s, s.queue(name), toLimits(rules), declaredBy ?? undefined));
  }

  declareQueues(appName: string, queues: readonly string[], clearOthersNow: boolean): Promise<string[]> {
    return this.commit((s) => declareQueues(s, appName, queues, clearOthersNow));
  }

  queueSizes(name?: string): Promise<number[]> {
    return this.read((s) => inspect.sizes(s, name));
  }

  peekQueue(name: string, count: number): Promise<string[]> {
    return this.read((s) => inspect.peek(s, name, count));
  }

  // ---- executions ----------------------------------------------------------------------------------------------

  cancel(executionId: string, grace: number): Promise<StatusChange | null> {
    return this.change(executionId, (s, row) => cancel(s, row, grace));
  }

  reopen(executionId: string): Promise<StatusChange | null> {
    return this.change(executionId, reopen);
  }

  private change(executionId: string, transition: (s: State, row: Row) => void): Promise<StatusChange | null> {
    return this.commit((s) => {
      const row = s.executions.get(executionId);
      if (!row) return null;
      const was = row.status;
      transition(s, row);
      return { was, is: row.status };
    });
  }

  getExecution(executionId: string): Promise<TaskExecution | null> {
    return this.read((s) => inspect.find(s, executionId));
  }

  endedOf(executionIds: readonly string[]): Promise<string[]> {
    return this.read((s) => executionIds.filter((id) => inspect.hasEnded(s.executions.get(id))));
  }

  listExecutions(query: ListExecutionsQuery): Promise<Page<TaskExecution>> {
    return this.read((s) => inspect.list(s, query));
  }

  report(run: RunToken, about: Report): Promise<void> {
    return this.commit((s, now) => {
      const row = current(s, run) as Row | undefined;
      if (row) report(s, row, about, now);
    });
  }

  // ---- workflows -----------------------------------------------------------------------------------------------

  startWorkflow(command: NewWorkflow, executions: readonly NewExecution[]): Promise<void> {
    return this.commit((s, now) => enqueueing.startWorkflow(s, command, executions, now));
  }

  getWorkflow(workflowId: string): Promise<WorkflowInfo | null> {
    return this.read((s) => {
      const found = s.workflows.get(workflowId);
      return found ? workflow.info(found) : null;
    });
  }

  listWorkflows(query: { limit: number; cursor?: string }): Promise<Page<WorkflowInfo>> {
    return this.read((s) => workflow.list(s, query));
  }

  // ---- locks ---------------------------------------------------------------------------------------------------

  acquireLock(key: string, owner: string, ttl: number, maxWait: number): Promise<LockGrant | null> {
    return this.commit((s) => handles.acquire(s, key, owner, ttl, maxWait) ?? null);
  }

  awaitLocks(waits: readonly LockWait[]): Promise<LockGrant[]> {
    return this.commit((s) =>
      waits.flatMap(({ key, owner, ttl, maxWait }) => handles.acquire(s, key, owner, ttl, maxWait) ?? []),
    );
  }

  abandonLock(key: string, owner: string): Promise<boolean> {
    return this.commit((s) => handles.abandon(s, key, owner));
  }

  releaseLock(key: string, owner: string, fencingToken: number): Promise<boolean> {
    return this.commit((s) => handles.releaseHandle(s, key, owner, fencingToken));
  }

  extendLock(key: string, owner: string, fencingToken: number, ttl: number): Promise<boolean> {
    return this.commit((s) => handles.extendHandle(s, key, owner, fencingToken, ttl));
  }

  forceReleaseLock(key: string): Promise<boolean> {
    return this.commit((s) => handles.forceRelease(s, key));
  }

  getLock(key: string): Promise<LockInfo | null> {
    return this.read((s, now) => lockView.get(s, key, now));
  }

  listLocks(): Promise<LockInfo[]> {
    return this.read((s, now) => [...s.locks.values()].map((each) => lockView.info(each, now)));
  }

  // ---- workers -------------------------------------------------------------------------------------------------

  readonly isShared: boolean = false;
  readonly reportsWork = false;
  readonly pipelines: number = 1;

  /** Waiters are resolved synchronously: direct dispatch does not apply. */
  readonly onDispatch = () => () => undefined;
  /** A process that could declare a run lost shares this event loop, and blocks with it. */
  readonly keepAlive = () => () => undefined;
  readonly leaseAge = () => 0;

  register(about: WorkerRegistration): Promise<void> {
    return this.commit((s) => register(s, about.workerId, about));
  }

  exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    return this.commit((s): ExchangeReply => {
      const row = s.workers.get(request.workerId);
      if (!row) return { known: false, settled: request.settlements.map(() => 'stale'), claims: [], more: false };
      const newest = row.pipelines.get(request.pipeline);
      if (newest?.sequence === request.sequence) return newest.reply;
      if (newest && isOvertaken(newest.sequence, request.sequence, newest.isReset)) return worker.late(request);
      renewLease(s, row);
      const settled = settleAll(s, row, request.settlements);
      propagate(s);
      const reply = { known: true, settled, ...claim(s, row, request) };
      row.pipelines.set(request.pipeline, { sequence: request.sequence, reply, isReset: false });
      return reply;
    });
  }

  heartbeat(workerId: string, runs: readonly RunToken[]): Promise<HeartbeatReply> {
    return this.commit((s) => heartbeat(s, workerId, runs));
  }

  drain(workerId: string): Promise<void> {
    return this.commit((s) => void drain(s, workerId));
  }

  deregister(workerId: string): Promise<void> {
    return this.commit((s) => void deregister(s, workerId, Number.POSITIVE_INFINITY));
  }

  listWorkers(): Promise<WorkerInfo[]> {
    return this.read((s) => [...s.workers.values()].map(worker.info));
  }

  // ---- cron ----------------------------------------------------------------------------------------------------

  putSchedule(given: GivenSchedule): Promise<ScheduleRecord> {
    return this.commit((s) => toPort(schedule.put(s, fromPort(given)) as ScheduleRow));
  }

  removeSchedule(id: string): Promise<boolean> {
    return this.commit((s) => schedule.remove(s, id));
  }

  pauseSchedule(id: string): Promise<boolean> {
    return this.commit((s) => schedule.pause(s, id));
  }

  resumeSchedule(id: string, nextRunTime: number | null): Promise<boolean> {
    return this.commit((s) => schedule.resume(s, id, nextRunTime ?? undefined));
  }

  getSchedule(id: string): Promise<ScheduleRecord | null> {
    return this.read((s) => s.schedules.find(id));
  }

  listSchedules(): Promise<ScheduleRecord[]> {
    return this.read((s) => s.schedules.list());
  }

  dueSchedules(limit: number, skip = 0): Promise<{ now: number; schedules: ScheduleRecord[]; next: number | null }> {
    return this.read((s) => s.schedules.due(limit, skip));
  }

  fire(commands: readonly FireCommand[]): Promise<boolean[]> {
    return this.commit((s) => commands.map((command) => schedule.fire(s, fireRequest(command))));
  }

  declareSchedules(appName: string, ids: readonly string[], removeOthersNow: boolean): Promise<string[]> {
    return this.commit((s) => {
      schedule.declare(s, appName, ids, removeOthersNow);
      return schedule.removeUndeclared(s, appName);
    });
  }

  // ---- maintenance ---------------------------------------------------------------------------------------------

  due(): Promise<Due> {
    return Promise.resolve(ALL_DUE);
  }

  promote(limit: number): Promise<StepReply & { nextDue: number | null }> {
    return this.commit((s, now) => {
      const done = promote(s, limit) + timeOut(s, limit) + endWaits(s) + expireLocks(s);
      wakeRefilled(s);
      const next = nextDue(s) ?? null;
      return { done, nextDue: next, more: s.steps.steps.length > 0 || (next !== null && next <= now) };
    });
  }

  rescue(limit: number): Promise<StepReply> {
    return this.commit((s) => {
      const done = rescueLost(s, limit);
      return { done, more: done === limit };
    });
  }

  expiredRuns(limit: number): Promise<ExpiredRun[]> {
    return this.read((s) => worker.expired(s, limit));
  }

  settleExpired(settlement: Settlement): Promise<boolean> {
    return this.commit((s) => settleExpired(s, settlement));
  }

  prune(limit: number): Promise<StepReply> {
    return this.commit((s) => {
      const { done, isOver } = trim(s, limit);
      const keys = s.keys.prune(limit);
      return { done: done + keys, more: isOver || keys >= limit };
    });
  }

  // ---- health and life -----------------------------------------------------------------------------------------

  stats(): Promise<StoreStats> {
    return this.read((s, now) => inspect.stats(s, now));
  }

  ping(): Promise<void> {
    return this.read(() => undefined);
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  dump(): Promise<unknown> {
    return this.read((s) => dump(s));
  }
}
