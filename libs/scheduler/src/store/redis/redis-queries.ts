import type { TaskExecution } from '../../core/execution.js';
import { LIST_SCAN, LIST_SIZE } from '../../core/limits.js';
import type { ScheduleRecord } from '../../core/schedule.js';
import type { TaskRecord } from '../../core/task-definition.js';
import type {
  ExpiredRun,
  ListExecutionsQuery,
  LockInfo,
  Page,
  ResultsPage,
  StoreStats,
  WorkerInfo,
  WorkflowInfo,
} from '../records.js';
import type { Due } from '../due.js';
import { dumpOf } from './codec/dump.js';
import { recordOfResults } from './codec/executions.js';
import { statsOf } from './codec/stats.js';
import { storedObject } from './codec/stored-json.js';
import { executionOf, listOf, lockOf, workerOf } from './codec/views.js';
import type { LockView, StoredView, WorkerView } from './codec/views.js';
import type { ScriptArgument } from './connection/redis-connection.js';
import { DueCheck, type DueReply } from './due-check.js';
import { RedisStoreBase } from './redis-store-base.js';
import { readWorkflow, readWorkflows } from './redis-workflows.js';

/** Executions that one script of a listing reads. */
const SCAN_STEP = 500;
/** Queues that one script reads. */
const QUEUES_PER_CALL = 20;
/** Workers that one script reads. */
const WORKERS_PER_CALL = 50;

/** The read-only verbs. */
export abstract class RedisQueries extends RedisStoreBase {
  protected readonly dueCheck = new DueCheck({
    send: async (args) => {
      const sentAt = this.sendingTime();
      const reply = await this.commitRepeatable<DueReply>('due', ...args);
      this.observeServerTime(reply[10], sentAt);
      return reply;
    },
    serverNow: () => this.serverNow(),
    toLocal: (at) => this.toLocal(at),
    onWork: (queues) => this.emit(queues.map((queue) => ({ kind: 'ready', queue }))),
    onIncarnation: (incarnation) => this.observeIncarnation(incarnation),
  });

  async getTask(taskId: string): Promise<TaskRecord | null> {
    const [, text] = await this.query<(string | null)[]>('getTasks', taskId, '0');
    return storedObject<TaskRecord>(text, 'taskId');
  }

  async listTasks(): Promise<TaskRecord[]> {
    const texts = await this.scan('getTasks');
    const tasks = texts.flatMap((text) => storedObject<TaskRecord>(text, 'taskId') ?? []);
    return [...new Map(tasks.map((task) => [task.taskId, task])).values()];
  }

  async queueSizes(queue = ''): Promise<number[]> {
    const names = queue === '' ? await this.queueNames() : [queue];
    const total = [0, 0, 0, 0, 0];
    for (let at = 0; at < names.length; at += QUEUES_PER_CALL) {
      const sizes = await this.query<number[]>('queueSizes', ...names.slice(at, at + QUEUES_PER_CALL));
      sizes.forEach((size, level) => (total[level]! += size));
    }
    return total;
  }

  async peekQueue(queue: string, count: number): Promise<string[]> {
    const ids = new Set<string>();
    for (let [level, place] = ['0', '0'] as [string, string]; level !== '' && ids.size < count;) {
      const found = await this.query<string[]>('peekQueue', queue, count - ids.size, level, place);
      [level, place] = found.splice(0, 2) as [string, string];
      for (const id of found) ids.add(id);
    }
    return [...ids];
  }

  async getExecution(executionId: string): Promise<TaskExecution | null> {
    const text = await this.query<string | null>('getExecution', executionId);
    return text === null ? null : this.executionOf(text);
  }

  async endedOf(executionIds: readonly string[]): Promise<string[]> {
    return executionIds.length === 0 ? [] : this.query('endedOf', ...executionIds);
  }

  async listExecutions(query: ListExecutionsQuery): Promise<Page<TaskExecution>> {
    const { limit = 50, cursor = '', status, ...filter } = query;
    const statuses = status && Object.fromEntries([status].flat().map((each) => [each, true]));
    const filterText = JSON.stringify({ ...filter, ...(statuses && { status: statuses }) });
    const items: TaskExecution[] = [];
    let below = cursor;
    let size = 0;
    for (let scanned = 0; items.length < limit && scanned < LIST_SCAN && size < LIST_SIZE;) {
      const found = await this.query<string[]>('listExecutions', below, SCAN_STEP, limit - items.length, filterText);
      scanned += Number(found.pop());
      below = found.pop()!;
      for (const text of found) {
        size += text.length;
        items.push(await this.executionOf(text));
      }
      if (below === '0') return { items, nextCursor: null };
    }
    return { items, nextCursor: below };
  }

  getWorkflow(workflowId: string): Promise<WorkflowInfo | null> {
    return readWorkflow(this.boundQuery, workflowId);
  }

  listWorkflows({ limit, cursor }: { limit: number; cursor?: string }): Promise<Page<WorkflowInfo>> {
    return readWorkflows(this.boundQuery, limit, cursor);
  }

  async getLock(key: string): Promise<LockInfo | null> {
    const [, text] = await this.query<string[]>('getLocks', key, '0');
    return text === undefined ? null : lockOf(JSON.parse(text) as LockView);
  }

  async listLocks(): Promise<LockInfo[]> {
    const locks = (await this.scan('getLocks')).map((text) => lockOf(JSON.parse(text) as LockView));
    return [...new Map(locks.map((lock) => [lock.key, lock])).values()];
  }

  async listWorkers(): Promise<WorkerInfo[]> {
    const ids = await this.query<string[]>('listWorkers');
    const found: { joined: number; worker: WorkerInfo }[] = [];
    for (let at = 0; at < ids.length; at += WORKERS_PER_CALL) {
      const flat = await this.query<string[]>('listWorkers', ...ids.slice(at, at + WORKERS_PER_CALL));
      for (let i = 0; i < flat.length; i += 2) {
        const worker = workerOf(JSON.parse(flat[i + 1]!) as WorkerView, this.settings.lease);
        found.push({ joined: Number(flat[i]), worker });
      }
    }
    return found.sort((a, b) => a.joined - b.joined).map(({ worker }) => worker);
  }

  async getResults(executionId: string, from: number): Promise<ResultsPage> {
    const [next, flat] = await this.query<[number, (string | null)[]]>('results', executionId, from);
    return { results: recordOfResults(flat), next: next === 0 ? null : next };
  }

  async getSchedule(id: string): Promise<ScheduleRecord | null> {
    const [, text] = await this.query<(string | null)[]>('getSchedules', id, '0');
    return storedObject<ScheduleRecord>(text, 'id');
  }

  async listSchedules(): Promise<ScheduleRecord[]> {
    const texts = await this.scan('getSchedules');
    const all = texts.flatMap((text) => storedObject<ScheduleRecord>(text, 'id') ?? []);
    const records = [...new Map(all.map((record) => [record.id, record])).values()];
    return records.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  due(): Promise<Due> {
    return this.dueCheck.due();
  }

  async dueSchedules(
    limit: number,
    skip = 0,
  ): Promise<{ now: number; schedules: ScheduleRecord[]; next: number | null }> {
    const found = await this.query<[number, string, string, ...string[]]>('dueSchedules', limit, skip);
    const [now, next, effects, ...texts] = found;
    this.emitText(effects);
    const schedules = texts.map((text) => JSON.parse(text) as ScheduleRecord);
    return { now, schedules, next: next === '' ? null : this.toLocal(Number(next)) };
  }

  async expiredRuns(limit: number): Promise<ExpiredRun[]> {
    const runs = new Map<string, ExpiredRun>();
    for (let place = '0'; ;) {
      const [next, ...flat] = await this.query<string[]>('expiredRuns', limit - runs.size, place);
      for (const run of expiredRunsOf(flat)) runs.set(run.executionId, run);
      place = next!;
      if (place === '0' || runs.size >= limit) return [...runs.values()];
    }
  }

  async stats(): Promise<StoreStats> {
    type View = Parameters<typeof statsOf>[0];
    const view = JSON.parse(await this.query<string>('stats')) as View;
    const queues = listOf<View['queues'][number]>(view.queues);
    const others = new Set([...listOf<string>(view.rest), ...(await this.queueNames(view.next))]);
    for (const { queue } of queues) others.delete(queue);
    const rest = [...others];
    while (rest.length > 0) {
      const names = rest.splice(0, QUEUES_PER_CALL);
      const shown = (JSON.parse(await this.query<string>('stats', ...names)) as View).queues;
      queues.push(...shown);
      // If the next executions are large, a reply has fewer queues.
      rest.push(...names.filter((name) => !shown.some(({ queue }) => queue === name)));
    }
    return statsOf({ ...view, queues });
  }

  async ping(): Promise<void> {
    await this.query('ping');
  }

  async dump(): Promise<unknown> {
    return dumpOf(JSON.parse(await this.query<string>('dump')) as Parameters<typeof dumpOf>[0]);
  }

  private readonly boundQuery = <T>(script: string, ...args: ScriptArgument[]): Promise<T> =>
    this.query<T>(script, ...args);

  /** @param from the cursor; null: the beginning */
  private async queueNames(from: string | null = null): Promise<string[]> {
    return from === '0' ? [] : [...new Set(await this.scan('queueNames', from ?? '0'))];
  }

  /** Reads a whole hash in several scripts. A field that moves meanwhile may be returned twice. */
  private async scan(script: string, from = '0'): Promise<string[]> {
    const texts: string[] = [];
    for (let cursor = from; ;) {
      const [next, ...found] = await this.query<string[]>(script, '', cursor);
      texts.push(...found);
      if (next === '0') return texts;
      cursor = next!;
    }
  }

  /** Decodes an execution, and reads the open edges that one reply does not have. */
  private async executionOf(text: string): Promise<TaskExecution> {
    const view = JSON.parse(text) as StoredView;
    const { waiting } = view;
    for (let next = waiting?.next; waiting && typeof next === 'number';) {
      const more = JSON.parse(await this.query<string>('openEdges', view.executionId, next)) as [
        object,
        number | false,
      ];
      waiting.dependencies = [...listOf(waiting.dependencies), ...listOf<object>(more[0])];
      next = more[1];
    }
    return executionOf(view);
  }
}

/** @param flat for each run: id, lease token, task, run, failures, bound, ';' with its retry budget */
function expiredRunsOf(flat: readonly string[]): ExpiredRun[] {
  const runs: ExpiredRun[] = [];
  for (let i = 0; i < flat.length; i += 7) {
    const [leaseToken, run, failures, bound] = [1, 3, 4, 5].map((field) => Number(flat[i + field])) as [
      ...[number, number, number, number],
    ];
    const field = flat[i + 6]!;
    const budget = field.startsWith(';') ? field.slice(1) : null;
    runs.push({ executionId: flat[i]!, leaseToken, taskId: flat[i + 2]!, run, failures, budget, limit: bound });
  }
  return runs;
}
