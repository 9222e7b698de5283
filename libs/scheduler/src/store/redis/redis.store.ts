import type { FireCommand, NewExecution, NewWorkflow, RunToken, Settlement } from '../../core/commands.js';
import { TaskInUseError } from '../../core/errors.js';
import type { TaskExecution } from '../../core/execution.js';
import { LIST_SCAN, UNDECLARED_SCHEDULE_MS } from '../../core/limits.js';
import type { ScheduleRecord } from '../../core/schedule.js';
import type { TaskMirror } from '../../core/task-definition.js';
import type {
  Claim,
  ExpiredRun,
  ListExecutionsQuery,
  LockGrant,
  LockInfo,
  Page,
  QueueRules,
  StoreStats,
  WorkerHello,
  WorkerInfo,
  WorkflowInfo,
} from '../records.js';
import type { BeatReply, ExchangeReply, ExchangeRequest, StepReply, TaskStore } from '../task-store.js';
import { dumpOf } from './codec/dump.js';
import { extraOf, partOf, plainClaim } from './codec/executions.js';
import { statsOf } from './codec/stats.js';
import { executionOf, lockOf, workerOf, workflowOf, type LockView, type WorkflowView } from './codec/views.js';
import type { ExecutionView, WorkerView } from './codec/views.js';
import { endedEffects, ExchangePacker, startedEffects, type ExchangeScriptReply } from './exchange.js';
import { packBatch } from './enqueue.js';
import { EnqueueBatcher } from './enqueue-batcher.js';
import { RedisFrame } from './redis-frame.js';

/** Executions that one script of a listing, or of an unregistered task, looks at. */
const SCAN_STEP = 500;

/** The store of a fleet: one script a verb, all state in Redis, every node a peer. */
export class RedisTaskStore extends RedisFrame implements TaskStore {
  /** Two: the server works on one trip while this process works on the other. */
  readonly lanes = 2;
  private readonly packer = new ExchangePacker();
  private readonly batcher = new EnqueueBatcher((batch) => this.store('', batch));

  // ---- definitions ---------------------------------------------------------------------------------------------

  async putTasks(mirrors: readonly TaskMirror[]): Promise<void> {
    await this.commit('putTasks', ...mirrors.flatMap((mirror) => [mirror.taskId, JSON.stringify(mirror)]));
  }

  async removeTask(taskId: string): Promise<boolean> {
    for (let from = ''; ;) {
      const [outcome, ...details] = await this.commit<string[]>('removeTask', taskId, from, SCAN_STEP);
      if (outcome === 'missing') return false;
      if (outcome === 'used') throw new TaskInUseError(taskId, details);
      if (outcome === 'done') return true;
      from = details[0]!;
    }
  }

  async getTask(taskId: string): Promise<TaskMirror | null> {
    const [text] = await this.look<(string | null)[]>('getTasks', taskId);
    return text ? (JSON.parse(text) as TaskMirror) : null;
  }

  async listTasks(): Promise<TaskMirror[]> {
    return (await this.look<string[]>('getTasks', '')).map((text) => JSON.parse(text) as TaskMirror);
  }

  // ---- queue ---------------------------------------------------------------------------------------------------

  enqueue(batch: readonly NewExecution[]): Promise<string[]> {
    return this.batcher.add(batch);
  }

  async pauseQueue(queue: string): Promise<void> {
    await this.commit('pauseQueue', queue);
  }

  async resumeQueue(queue: string): Promise<void> {
    await this.commit('resumeQueue', queue);
  }

  async configureQueue(queue: string, { rateLimit, concurrency }: QueueRules): Promise<void> {
    await this.commit('configureQueue', queue, rateLimit?.max ?? '', rateLimit?.per ?? '', concurrency ?? '');
  }

  queueSizes(queue = ''): Promise<number[]> {
    return this.look('queueSizes', queue);
  }

  peekQueue(queue: string, count: number): Promise<string[]> {
    return this.look('peekQueue', queue, count);
  }

  // ---- executions ----------------------------------------------------------------------------------------------

  async cancel(executionId: string, grace: number): Promise<boolean> {
    return isDone(await this.commit('cancel', executionId, grace));
  }

  async reopen(executionId: string): Promise<boolean> {
    return isDone(await this.commit('reopen', executionId));
  }

  async getExecution(executionId: string): Promise<TaskExecution | null> {
    const text = await this.look<string | null>('getExecution', executionId);
    return text === null ? null : executionOf(JSON.parse(text) as ExecutionView);
  }

  async listExecutions(query: ListExecutionsQuery): Promise<Page<TaskExecution>> {
    const { limit = 50, cursor = '', status, ...filter } = query;
    const statuses = status && Object.fromEntries([status].flat().map((each) => [each, true]));
    const wanted = JSON.stringify({ ...filter, ...(statuses && { status: statuses }) });
    const items: TaskExecution[] = [];
    let below = cursor;
    for (let looked = 0; items.length < limit && looked < LIST_SCAN;) {
      const found = await this.look<string[]>('listExecutions', below, SCAN_STEP, limit - items.length, wanted);
      looked += Number(found.pop());
      below = found.pop()!;
      for (const text of found) items.push(executionOf(JSON.parse(text) as ExecutionView));
      if (below === '0') return { items, nextCursor: null };
    }
    return { items, nextCursor: below };
  }

  async report(
    { executionId, attempt }: RunToken,
    { progress, logs = [] }: { progress?: { fraction: number; note: string | null }; logs?: readonly string[] },
  ): Promise<void> {
    const note = progress?.note ?? null;
    const said = [progress?.fraction ?? '', note ?? '', note === null ? 0 : 1];
    await this.commit('report', executionId, attempt, ...said, ...logs);
  }

  // ---- workflows -----------------------------------------------------------------------------------------------

  async startWorkflow(workflow: NewWorkflow, executions: readonly NewExecution[]): Promise<void> {
    const { workflowId, name, nodes } = workflow;
    await this.store(JSON.stringify({ workflowId, name, nodes: JSON.stringify(nodes) }), executions);
  }

  async getWorkflow(workflowId: string): Promise<WorkflowInfo | null> {
    const text = await this.look<string | null>('getWorkflow', workflowId);
    return text === null ? null : workflowOf(JSON.parse(text) as WorkflowView);
  }

  async listWorkflows({ limit, cursor }: { limit: number; cursor?: string }): Promise<Page<WorkflowInfo>> {
    const texts = await this.look<string[]>('listWorkflows', cursor ?? '', limit);
    const views = texts.slice(0, limit).map((text) => JSON.parse(text) as WorkflowView);
    return { items: views.map(workflowOf), nextCursor: texts.length > limit ? String(views.at(-1)!.order) : null };
  }

  // ---- locks ---------------------------------------------------------------------------------------------------

  async acquireLock(key: string, owner: string, ttl: number, maxWait: number): Promise<LockGrant | null> {
    const grant = await this.commit<[string, string, number, number] | 0>('acquireLock', key, owner, ttl, maxWait);
    return grant === 0 ? null : { key, owner, fencingToken: grant[2], expiresAt: grant[3] };
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

  async getLock(key: string): Promise<LockInfo | null> {
    return (await this.locks(key))[0] ?? null;
  }

  listLocks(): Promise<LockInfo[]> {
    return this.locks('');
  }

  // ---- workers -------------------------------------------------------------------------------------------------

  async hello(about: WorkerHello): Promise<void> {
    const { workerId, queues, tasks } = about;
    await this.commitRepeatable('hello', workerId, JSON.stringify(about), queues.length, ...queues, ...tasks);
  }

  async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    const { workerId } = request;
    const { args, ended, results } = this.packer.pack(request);
    const raw = (await this.exchangeRaw(args)) as ExchangeScriptReply;
    const reply = this.packer.unpack(request, raw);
    if (!reply.known) return { ...reply, settled: request.settlements.map(() => 'stale') };
    const [, now, , , , plain, , effects, plainSettled, told] = raw;
    if (told === 0) {
      if (plainSettled > 0 && this.isWanted('completed'))
        this.tell(endedEffects(ended.slice(0, plainSettled), results, now));
      const started = reply.claims.slice(0, plain.length / 2);
      if (started.length > 0 && this.isWanted('started')) this.tell(startedEffects(started, workerId, now));
    }
    this.tellText(effects);
    return reply;
  }

  onHandOver(workerId: string, take: (claim: Claim) => void): () => void {
    return this.listenTo(workerId, (message) => {
      const [time, no, ...lines] = message.split('\n');
      for (let i = 0; i < lines.length; i += 2) {
        const claim = plainClaim(lines[i]!, lines[i + 1]!, Number(time));
        // Word of it may have been lost to a failover, as no reply's can: it is looked at before it is settled.
        this.packer.remember(workerId, claim, `p${time}|${no}`, false);
        take(claim);
      }
    });
  }

  async beat(workerId: string, runs: readonly RunToken[]): Promise<BeatReply> {
    const tokens = runs.flatMap(({ executionId, attempt }) => [executionId, attempt]);
    const [known, asked, lost] = await this.commitRepeatable<[number, string[], string[]]>('beat', workerId, ...tokens);
    return { known: known === 1, cancelRequested: tokensOf(asked), lost: tokensOf(lost) };
  }

  keepAlive(workerId: string): () => void {
    // A clock that a test turns is turned for the leases, too.
    return this.settings.testClock ? () => undefined : this.beats.keep(workerId);
  }

  async drain(workerId: string): Promise<void> {
    await this.commit('drain', workerId);
  }

  async goodbye(workerId: string): Promise<void> {
    await this.commit('goodbye', workerId);
    this.packer.forget(workerId);
  }

  async listWorkers(): Promise<WorkerInfo[]> {
    const texts = await this.look<string[]>('listWorkers');
    return texts.map((text) => workerOf(JSON.parse(text) as WorkerView, this.settings.lease));
  }

  // ---- cron ----------------------------------------------------------------------------------------------------

  async putSchedule(schedule: Parameters<TaskStore['putSchedule']>[0]): Promise<ScheduleRecord> {
    return JSON.parse(await this.commit<string>('putSchedule', JSON.stringify(schedule))) as ScheduleRecord;
  }

  async removeSchedule(id: string): Promise<boolean> {
    return isDone(await this.commit('removeSchedule', id));
  }

  async pauseSchedule(id: string): Promise<boolean> {
    return isDone(await this.commit('switchSchedule', id, 'paused', ''));
  }

  async resumeSchedule(id: string, nextRunTime: number | null): Promise<boolean> {
    return isDone(await this.commit('switchSchedule', id, 'resumed', nextRunTime ?? ''));
  }

  async getSchedule(id: string): Promise<ScheduleRecord | null> {
    const [text] = await this.look<(string | null)[]>('getSchedules', id);
    return text ? (JSON.parse(text) as ScheduleRecord) : null;
  }

  async listSchedules(): Promise<ScheduleRecord[]> {
    const records = (await this.look<string[]>('getSchedules', '')).map((text) => JSON.parse(text) as ScheduleRecord);
    return records.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async dueSchedules(limit: number): Promise<{ now: number; schedules: ScheduleRecord[]; next: number | null }> {
    const [now, next, ...texts] = await this.look<[number, string, ...string[]]>('dueSchedules', limit);
    const schedules = texts.map((text) => JSON.parse(text) as ScheduleRecord);
    return { now, schedules, next: next === '' ? null : Number(next) };
  }

  async fire({ scheduleId, expected, ticks, overlap, cancelGrace, nextRunTime }: FireCommand): Promise<boolean> {
    const commands = ticks.map(({ execution, time, leaveOut }) => ({
      id: execution.executionId,
      part: withFlag(partOf(execution)),
      extra: extraOf(execution) ?? { delay: 0 },
      time,
      leaveOut,
    }));
    const seen = [expected.revision, expected.nextRunTime];
    const next = nextRunTime ?? '';
    return isDone(await this.commit('fire', scheduleId, ...seen, overlap, cancelGrace, next, JSON.stringify(commands)));
  }

  async declareSchedules(appName: string, ids: readonly string[], removeOthersNow: boolean): Promise<string[]> {
    return this.commit('declareSchedules', appName, removeOthersNow ? 1 : 0, UNDECLARED_SCHEDULE_MS, ...ids);
  }

  // ---- maintenance ---------------------------------------------------------------------------------------------

  async promote(limit: number): Promise<StepReply & { nextDue: number | null }> {
    const [done, more, next] = await this.commitRepeatable<[number, number, string]>('promote', limit);
    return { done, more: more === 1, nextDue: next === '' ? null : Number(next) };
  }

  async rescue(limit: number): Promise<StepReply> {
    return stepOf(await this.commitRepeatable('rescue', limit));
  }

  async expiredRuns(limit: number): Promise<ExpiredRun[]> {
    const flat = await this.look<string[]>('expiredRuns', limit);
    const runs: ExpiredRun[] = [];
    for (let i = 0; i < flat.length; i += 6) {
      const [attempt, run, failures, bound] = [1, 3, 4, 5].map((field) => Number(flat[i + field])) as [
        ...[number, number, number, number],
      ];
      runs.push({ executionId: flat[i]!, attempt, taskId: flat[i + 2]!, run, failures, limit: bound });
    }
    return runs;
  }

  async settleExpired(settlement: Settlement): Promise<boolean> {
    const { executionId, attempt, kind, result, error, reason, delay } = settlement;
    const text = result ?? (error === null ? '' : JSON.stringify(error));
    const letter =
      kind === 'complete' ? 'c' : kind === 'fail' ? 'f' : kind === 'retry' ? 'r' : kind === 'cancel' ? 'x' : 'l';
    return isDone(
      await this.commit('settleExpired', executionId, attempt, letter, text, reason ?? '', Math.round(delay)),
    );
  }

  async prune(limit: number): Promise<StepReply> {
    return stepOf(await this.commitRepeatable('prune', limit));
  }

  // ---- health and life -----------------------------------------------------------------------------------------

  async stats(): Promise<StoreStats> {
    return statsOf(JSON.parse(await this.look<string>('stats')) as Parameters<typeof statsOf>[0]);
  }

  async ping(): Promise<void> {
    await this.look('ping');
  }

  async dump(): Promise<unknown> {
    return dumpOf(JSON.parse(await this.look<string>('dump')) as Parameters<typeof dumpOf>[0]);
  }

  protected onWake(): void {
    this.tell([{ kind: 'more' }]);
  }

  private async store(workflow: string, batch: readonly NewExecution[]): Promise<string[]> {
    if (batch.length === 0 && workflow === '') return [];
    const changed = await this.commitRepeatable<string[]>('enqueue', ...packBatch(workflow, batch));
    return changed.length > 0 ? changed : batch.map((command) => command.executionId);
  }

  private async locks(key: string): Promise<LockInfo[]> {
    const texts = await this.look<string[]>('getLocks', key);
    return texts.map((text) => lockOf(JSON.parse(text) as LockView));
  }
}

/** An execution of a schedule has an extra record, which names the schedule. */
function withFlag(part: string): string {
  return `x${part.slice(part.indexOf('|'))}`;
}

function isDone(reply: unknown): boolean {
  return reply === 1;
}

function stepOf(reply: unknown): StepReply {
  const [done, more] = reply as [number, number];
  return { done, more: more === 1 };
}

function tokensOf(flat: readonly string[]): RunToken[] {
  const tokens: RunToken[] = [];
  for (let i = 0; i < flat.length; i += 2) tokens.push({ executionId: flat[i]!, attempt: Number(flat[i + 1]) });
  return tokens;
}
