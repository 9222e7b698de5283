import type { FireCommand, NewExecution, NewWorkflow, RunToken, Settlement } from '../../core/commands.js';
import { TaskInUseError } from '../../core/errors.js';
import { useTexts } from '../../core/payload.js';
import { RESCUE_PER_STEP } from '../../core/limits.js';
import type { ScheduleRecord } from '../../core/schedule.js';
import type { TaskRecord } from '../../core/task-definition.js';
import type { Claim, LockGrant, LockWait, QueueRules, StatusChange, WorkerRegistration } from '../records.js';
import type { TaskStatus } from '../../core/status.js';
import type { HeartbeatReply, ExchangeReply, ExchangeRequest, StepReply, TaskStore } from '../task-store.js';
import { ENDS_EMITTED, STARTS_EMITTED } from './codec/codes.js';
import { packFire } from './codec/schedules.js';
import { inOrder } from './effect-order.js';
import { heartbeat } from './heartbeat.js';
import { DirectDispatch, type OwnWorker } from './direct-dispatch.js';
import { endedEffects, ExchangePacker, startedEffects, type ExchangeScriptReply } from './exchange.js';
import { packSettlement } from './codec/settlements.js';
import { MAX_MEMBERS, type CompactWorkflow } from './codec/compact-workflow.js';
import { packBatch, packWorkflow, packWorkflows } from './enqueue.js';
import { EnqueueBatcher } from './enqueue-batcher.js';
import { INSERTS_PER_CALL } from './bulk-insert.js';
import type { RoundTrip } from './pipeline-batcher.js';
import { LargeBatches, type Enqueued, type Scripts } from './large-batches.js';
import { configureQueue, declareQueues } from './queue-limits.js';
import { REQUEST_BYTES, STAGE_BYTES, sizeOf, split } from './request-size.js';
import { RedisQueries } from './redis-queries.js';
import { WorkflowBatcher } from './workflow-batcher.js';

/** Executions that one step of `removeTask` reads. */
const SCAN_STEP = 500;
/** Schedules that one script marks as declared. */
const DECLARED_PER_CALL = 500;
/** Definitions that one script stores. */
const TASKS_PER_CALL = 100;

/** The store for several processes: all state is in Redis, each verb is a script, all nodes are equal. */
export class RedisTaskStore extends RedisQueries implements TaskStore {
  readonly isShared = true;
  readonly reportsWork = true;
  /** The server works on one exchange while this process works on the other. */
  readonly pipelines = 2;
  private readonly packer = new ExchangePacker();
  /** By worker: when its newest acknowledged lease renewal was sent, monotonic ms. */
  private readonly renewals = new Map<string, number>();
  private readonly scripts: Scripts = {
    query: (script, ...args) => this.query(script, ...args),
    commit: (script, ...args) => this.commit(script, ...args),
    commitRepeatable: (script, ...args) => this.commitRepeatable(script, ...args),
    nextOperation: () => this.nextOperation(),
  };
  private readonly large = new LargeBatches(this.scripts, this.settings.insertsPerCall ?? INSERTS_PER_CALL);
  private readonly directDispatch = new DirectDispatch(this.packer, (time) => this.ageOf(time));
  private readonly batches = new EnqueueBatcher((batch, roundTrip) => this.store(batch, roundTrip));
  private readonly workflows = new WorkflowBatcher(
    (workflows, roundTrip) => this.startTogether(workflows, roundTrip),
    (workflow, executions) => this.startAlone(workflow, executions),
  );

  // ---- definitions ---------------------------------------------------------------------------------------------

  async putTasks(tasks: readonly TaskRecord[]): Promise<void> {
    const texts = tasks.map((task) => JSON.stringify(task));
    for (const part of split(texts, TASKS_PER_CALL, STAGE_BYTES, (text) => text.length))
      await this.commit('putTasks', ...part);
  }

  async removeTask(taskId: string): Promise<boolean> {
    const dependents = new Set<string>();
    for (let cursor = '0'; ;) {
      const [next, ...found] = await this.query<string[]>('dependentTasks', taskId, cursor);
      for (const each of found) dependents.add(each);
      if (next === '') return false;
      if (next === '0') break;
      cursor = next!;
    }
    if (dependents.size > 0) throw new TaskInUseError(taskId, [...dependents]);
    let step = '';
    do step = await this.commit<string>('removeTask', taskId, step, SCAN_STEP);
    while (step !== 'done' && step !== 'missing');
    return step === 'done';
  }

  // ---- queue ---------------------------------------------------------------------------------------------------

  enqueue(batch: readonly NewExecution[]): Promise<string[]> {
    useTexts(batch);
    return this.batches.add(batch);
  }

  /** This node releases its prefetched claims at once. It waits until those of other nodes have started or been released. */
  async pauseQueue(queue: string): Promise<void> {
    const ms = await this.commit<number>('pauseQueue', queue);
    if (ms > 0 && !this.settings.testClock) await this.wait(ms);
  }

  async resumeQueue(queue: string): Promise<void> {
    await this.commit('resumeQueue', queue);
  }

  configureQueue(queue: string, rules: QueueRules, declaredBy: string | null = null): Promise<void> {
    return configureQueue(this.scripts, queue, rules, declaredBy);
  }

  declareQueues(appName: string, queues: readonly string[], clearOthersNow: boolean): Promise<string[]> {
    return declareQueues(this.scripts, appName, queues, clearOthersNow);
  }

  // ---- executions ----------------------------------------------------------------------------------------------

  async cancel(executionId: string, grace: number): Promise<StatusChange | null> {
    return statusChange(await this.commit('cancel', executionId, grace));
  }

  async reopen(executionId: string): Promise<StatusChange | null> {
    return statusChange(await this.commit('reopen', executionId));
  }

  async report(
    { executionId, leaseToken }: RunToken,
    { progress, logs = [] }: { progress?: { fraction: number; note: string | null }; logs?: readonly string[] },
  ): Promise<void> {
    const note = progress?.note ?? null;
    const progressArgs = [progress?.fraction ?? '', note ?? '', note === null ? 0 : 1];
    await this.commit('report', executionId, leaseToken, ...progressArgs, ...logs);
  }

  // ---- workflows -----------------------------------------------------------------------------------------------

  startWorkflow(workflow: NewWorkflow, executions: readonly NewExecution[]): Promise<void> {
    useTexts(executions);
    const isLarge =
      executions.length > (this.settings.insertsPerCall ?? MAX_MEMBERS) || sizeOf(executions) > REQUEST_BYTES;
    if (isLarge) return this.large.startWorkflow(workflow, executions);
    return this.workflows.add(workflow, executions);
  }

  // ---- locks ---------------------------------------------------------------------------------------------------

  async acquireLock(key: string, owner: string, ttl: number, maxWait: number): Promise<LockGrant | null> {
    const grant = await this.commit<[string, string, number, number] | 0>('acquireLock', key, owner, ttl, maxWait);
    return grant === 0 ? null : { key, owner, fencingToken: grant[2], expiresAt: grant[3] };
  }

  async awaitLocks(waits: readonly LockWait[]): Promise<LockGrant[]> {
    const args = waits.flatMap(({ key, owner, ttl, maxWait }) => [key, owner, ttl, maxWait]);
    const grants = await this.commitRepeatable<[string, string, number, number][]>('awaitLocks', ...args);
    return grants.map(([key, owner, fencingToken, expiresAt]) => ({ key, owner, fencingToken, expiresAt }));
  }

  async abandonLock(key: string, owner: string): Promise<boolean> {
    return isDone(await this.commit('abandonLock', key, owner));
  }

  async releaseLock(key: string, owner: string, fencingToken: number): Promise<boolean> {
    return isDone(await this.commit('releaseLock', key, owner, fencingToken));
  }

  async extendLock(key: string, owner: string, fencingToken: number, ttl: number): Promise<boolean> {
    return isDone(await this.commit('extendLock', key, owner, fencingToken, ttl));
  }

  async forceReleaseLock(key: string): Promise<boolean> {
    return isDone(await this.commit('forceReleaseLock', key));
  }

  // ---- workers -------------------------------------------------------------------------------------------------

  async register(registration: WorkerRegistration): Promise<void> {
    const { workerId, queues, tasks } = registration;
    const sentAt = this.sendingTime();
    await this.commitRepeatable('register', workerId, JSON.stringify(registration), queues.length, ...queues, ...tasks);
    this.recordRenewal(workerId, sentAt);
    this.dueCheck.serve(workerId, queues);
  }

  async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    const { workerId } = request;
    const { args, ended } = this.packer.pack(request, this.serverNow());
    const sentAt = this.sendingTime();
    const raw = (await this.runExchange(args)) as ExchangeScriptReply;
    const reply = this.packer.unpack(request, raw, ended);
    if (!reply.known) return reply;
    this.recordRenewal(workerId, sentAt);
    const [, now, , , , simple, , effects, emitted] = raw;
    this.observeClock(now, sentAt);
    this.observeServerTime(now, sentAt);
    const age = this.ageOf(now);
    if (reply.claims.length > 0) reply.age = age;
    const { settlements } = request;
    const emitsEnds = ended.length > 0 && (emitted & ENDS_EMITTED) === 0 && this.isSubscribed('completed');
    const emitsStarts = simple.length > 0 && (emitted & STARTS_EMITTED) === 0 && this.isSubscribed('started');
    const ends = emitsEnds ? endedEffects(settlements, ended, reply.settled, now) : [];
    const starts = emitsStarts ? startedEffects(reply.claims.slice(0, simple.length / 2), workerId, now) : [];
    const reported = this.effectsIn(effects);
    this.emit(reported.length === 0 ? [...ends, ...starts] : inOrder(settlements, ends, starts, reported));
    return reply;
  }

  onDispatch(workerId: string, take: (claim: Claim, age: number) => void): () => void {
    const worker: OwnWorker = { workerId, take };
    this.directDispatch.add(worker);
    const stopListening = this.listenToChannel(workerId, (text) => this.directDispatch.onMessage(worker, text));
    return () => {
      this.directDispatch.delete(worker);
      stopListening();
    };
  }

  async heartbeat(workerId: string, runs: readonly RunToken[]): Promise<HeartbeatReply> {
    const now = this.serverNow();
    // With a test clock, claim and heartbeat may have the same time: unnamed runs are not taken back then.
    const isKnown = now !== null && !this.settings.testClock;
    const times = [now ?? '', isKnown ? this.packer.claimsKnownUntil(workerId, now) : ''];
    const sentAt = this.sendingTime();
    const onKnown = (): void => this.recordRenewal(workerId, sentAt);
    return heartbeat(this.scripts, workerId, times, runs, onKnown);
  }

  keepAlive(workerId: string): () => void {
    // With a test clock the leases do not expire in real time.
    return this.settings.testClock ? () => undefined : this.leaseRenewer.keep(workerId);
  }

  leaseAge(workerId: string): number {
    if (this.settings.testClock) return 0;
    const own = this.sendingTime() - (this.renewals.get(workerId) ?? Number.NEGATIVE_INFINITY);
    return Math.min(own, this.leaseRenewer.age());
  }

  private recordRenewal(workerId: string, sentAt: number): void {
    this.renewals.set(workerId, Math.max(sentAt, this.renewals.get(workerId) ?? sentAt));
  }

  async drain(workerId: string): Promise<void> {
    await this.commit('drain', workerId);
  }

  async deregister(workerId: string): Promise<void> {
    while ((await this.commit<number>('deregister', workerId, RESCUE_PER_STEP)) === 0);
    this.packer.forget(workerId);
    this.dueCheck.leave(workerId);
    this.renewals.delete(workerId);
  }

  // ---- cron ----------------------------------------------------------------------------------------------------

  async putSchedule(schedule: Parameters<TaskStore['putSchedule']>[0]): Promise<ScheduleRecord> {
    return JSON.parse(await this.commit<string>('putSchedule', JSON.stringify(schedule))) as ScheduleRecord;
  }

  async removeSchedule(id: string): Promise<boolean> {
    return isDone(await this.commit('removeSchedule', id));
  }

  async pauseSchedule(id: string): Promise<boolean> {
    return isDone(await this.commit('pauseSchedule', id));
  }

  async resumeSchedule(id: string, nextRunTime: number | null): Promise<boolean> {
    return isDone(await this.commit('resumeSchedule', id, nextRunTime ?? ''));
  }

  async fire(commands: readonly FireCommand[]): Promise<boolean[]> {
    return (await this.commit<number[]>('fire', ...commands.map(packFire))).map((each) => isDone(each));
  }

  async declareSchedules(appName: string, ids: readonly string[], removeOthersNow: boolean): Promise<string[]> {
    const removed: string[] = [];
    for (let from = 0, isMore = true; isMore; from += DECLARED_PER_CALL) {
      const isLast = from + DECLARED_PER_CALL >= ids.length;
      const flags = [from === 0 && removeOthersNow, isLast].map(Number);
      const part = ids.slice(from, from + DECLARED_PER_CALL);
      const [gone, more] = await this.commit<[string[], number]>('declareSchedules', appName, ...flags, ...part);
      removed.push(...gone);
      isMore = !isLast || more === 1;
    }
    return removed;
  }

  // ---- maintenance ---------------------------------------------------------------------------------------------

  async promote(limit: number): Promise<StepReply & { nextDue: number | null }> {
    const [done, more, next] = await this.commitRepeatable<[number, number, string]>('promote', limit);
    return { done, more: more === 1, nextDue: next === '' ? null : this.toLocal(Number(next)) };
  }

  async rescue(limit: number): Promise<StepReply> {
    return stepOf(await this.commitRepeatable('rescue', limit));
  }

  async settleExpired(settlement: Settlement): Promise<boolean> {
    return isDone(await this.commit('settleExpired', ...packSettlement(settlement)));
  }

  async prune(limit: number): Promise<StepReply> {
    void this.connection.deleteOldLibraries();
    return stepOf(await this.commitRepeatable('prune', limit));
  }

  /** @param roundTrip the batcher's, the only one in flight in its pipeline; null: without a pipeline */
  private async store(batch: readonly NewExecution[], roundTrip: RoundTrip | null): Promise<string[]> {
    const ids = batch.map((command) => command.executionId);
    if (batch.length === 0) return ids;
    if (this.large.isLarge(batch)) return this.large.enqueue(batch);
    const worker = this.directDispatch.worker;
    const args = packBatch(batch, worker?.workerId);
    const stored =
      roundTrip === null
        ? this.commit<Enqueued>('enqueue', ...args)
        : this.commitInPipeline<Enqueued>(roundTrip, 'enqueue', ...args);
    return stored.then((changed) => {
      if (changed === 'large') return this.large.enqueue(batch);
      if (typeof changed === 'object') return changed.length > 0 ? changed : ids;
      this.directDispatch.onReply(worker!, changed, args);
      return ids;
    });
  }

  private async startAlone(workflow: NewWorkflow, executions: readonly NewExecution[]): Promise<void> {
    const isLarge =
      this.large.isLarge(executions) ||
      (await this.commit<Enqueued>('enqueue', ...packWorkflow(workflow, executions))) === 'large';
    if (isLarge) await this.large.startWorkflow(workflow, executions);
  }

  private async startTogether(workflows: readonly CompactWorkflow[], roundTrip: RoundTrip): Promise<void> {
    const args = packWorkflows(workflows);
    const started = args && (await this.commitInPipeline<1 | 'large'>(roundTrip, 'startWorkflows', ...args));
    if (started === 1) return;
    await Promise.all(workflows.map(({ workflow, members }) => this.startAlone(workflow, members)));
  }
}

function statusChange(reply: [was: TaskStatus, is: TaskStatus] | ''): StatusChange | null {
  return reply === '' ? null : { was: reply[0], is: reply[1] };
}

function isDone(reply: unknown): boolean {
  return reply === 1;
}

function stepOf(reply: unknown): StepReply {
  const [done, more] = reply as [number, number];
  return { done, more: more === 1 };
}
