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
import { dumpOf } from './codec/dump.js';
import { recordOfResults } from './codec/executions.js';
import { statsOf } from './codec/stats.js';
import { storedObject } from './codec/stored-json.js';
import { executionOf, listOf, lockOf, workerOf } from './codec/views.js';
import type { LockView, StoredView, WorkerView } from './codec/views.js';
import type { ScriptArgument } from './connection/redis-connection.js';
import { RedisFrame } from './redis-frame.js';
import { readWorkflow, readWorkflows } from './redis-workflows.js';

/** Executions that one script of a listing looks at closely. */
const SCAN_STEP = 500;
/** Queues that one script looks at. */
const QUEUES_AT_ONCE = 20;
/** Workers that one script lists. */
const WORKERS_AT_ONCE = 50;

/** The verbs that only look: a script each, that cannot write. */
export abstract class RedisQueries extends RedisFrame {
  async getTask(taskId: string): Promise<TaskRecord | null> {
    const [, text] = await this.look<(string | null)[]>('getTasks', taskId, '0');
    return storedObject<TaskRecord>(text, 'taskId');
  }

  async listTasks(): Promise<TaskRecord[]> {
    const texts = await this.scan('getTasks');
    const tasks = texts.flatMap((text) => storedObject<TaskRecord>(text, 'taskId') ?? []);
    return [...new Map(tasks.map((task) => [task.taskId, task])).values()];
  }

  async queueSizes(queue = ''): Promise<number[]> {
    const names = queue === '' ? await this.look<string[]>('queueSizes') : [queue];
    const total = [0, 0, 0, 0, 0];
    for (let at = 0; at < names.length; at += QUEUES_AT_ONCE) {
      const sizes = await this.look<number[]>('queueSizes', ...names.slice(at, at + QUEUES_AT_ONCE));
      sizes.forEach((size, level) => (total[level]! += size));
    }
    return total;
  }

  async peekQueue(queue: string, count: number): Promise<string[]> {
    const ids = new Set<string>();
    for (let [level, place] = ['0', '0'] as [string, string]; level !== '' && ids.size < count;) {
      const found = await this.look<string[]>('peekQueue', queue, count - ids.size, level, place);
      [level, place] = found.splice(0, 2) as [string, string];
      for (const id of found) ids.add(id);
    }
    return [...ids];
  }

  async getExecution(executionId: string): Promise<TaskExecution | null> {
    const text = await this.look<string | null>('getExecution', executionId);
    return text === null ? null : this.executionOf(text);
  }

  async endedOf(executionIds: readonly string[]): Promise<string[]> {
    return executionIds.length === 0 ? [] : this.look('endedOf', ...executionIds);
  }

  async listExecutions(query: ListExecutionsQuery): Promise<Page<TaskExecution>> {
    const { limit = 50, cursor = '', status, ...filter } = query;
    const statuses = status && Object.fromEntries([status].flat().map((each) => [each, true]));
    const wanted = JSON.stringify({ ...filter, ...(statuses && { status: statuses }) });
    const items: TaskExecution[] = [];
    let below = cursor;
    let size = 0;
    for (let looked = 0; items.length < limit && looked < LIST_SCAN && size < LIST_SIZE;) {
      const found = await this.look<string[]>('listExecutions', below, SCAN_STEP, limit - items.length, wanted);
      looked += Number(found.pop());
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
    return readWorkflow(this.looking, workflowId);
  }

  listWorkflows({ limit, cursor }: { limit: number; cursor?: string }): Promise<Page<WorkflowInfo>> {
    return readWorkflows(this.looking, limit, cursor);
  }

  async getLock(key: string): Promise<LockInfo | null> {
    const [, text] = await this.look<string[]>('getLocks', key, '0');
    return text === undefined ? null : lockOf(JSON.parse(text) as LockView);
  }

  async listLocks(): Promise<LockInfo[]> {
    const locks = (await this.scan('getLocks')).map((text) => lockOf(JSON.parse(text) as LockView));
    return [...new Map(locks.map((lock) => [lock.key, lock])).values()];
  }

  async listWorkers(): Promise<WorkerInfo[]> {
    const ids = await this.look<string[]>('listWorkers');
    const found: { joined: number; worker: WorkerInfo }[] = [];
    for (let at = 0; at < ids.length; at += WORKERS_AT_ONCE) {
      const flat = await this.look<string[]>('listWorkers', ...ids.slice(at, at + WORKERS_AT_ONCE));
      for (let i = 0; i < flat.length; i += 2) {
        const worker = workerOf(JSON.parse(flat[i + 1]!) as WorkerView, this.settings.lease);
        found.push({ joined: Number(flat[i]), worker });
      }
    }
    return found.sort((a, b) => a.joined - b.joined).map(({ worker }) => worker);
  }

  async getResults(executionId: string, from: number): Promise<ResultsPage> {
    const [next, flat] = await this.look<[number, (string | null)[]]>('results', executionId, from);
    return { results: recordOfResults(flat), next: next === 0 ? null : next };
  }

  async getSchedule(id: string): Promise<ScheduleRecord | null> {
    const [, text] = await this.look<(string | null)[]>('getSchedules', id, '0');
    return storedObject<ScheduleRecord>(text, 'id');
  }

  async listSchedules(): Promise<ScheduleRecord[]> {
    const texts = await this.scan('getSchedules');
    const all = texts.flatMap((text) => storedObject<ScheduleRecord>(text, 'id') ?? []);
    const records = [...new Map(all.map((record) => [record.id, record])).values()];
    return records.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async dueSchedules(limit: number): Promise<{ now: number; schedules: ScheduleRecord[]; next: number | null }> {
    const found = await this.look<[number, string, string, ...string[]]>('dueSchedules', limit);
    const [now, next, effects, ...texts] = found;
    this.tellText(effects);
    const schedules = texts.map((text) => JSON.parse(text) as ScheduleRecord);
    return { now, schedules, next: next === '' ? null : this.toLocal(Number(next)) };
  }

  async expiredRuns(limit: number): Promise<ExpiredRun[]> {
    const flat = await this.look<string[]>('expiredRuns', limit);
    const runs: ExpiredRun[] = [];
    for (let i = 0; i < flat.length; i += 7) {
      const [leaseToken, run, failures, bound] = [1, 3, 4, 5].map((field) => Number(flat[i + field])) as [
        ...[number, number, number, number],
      ];
      const about = flat[i + 6]!;
      const budget = about.startsWith(';') ? about.slice(1) : null;
      runs.push({ executionId: flat[i]!, leaseToken, taskId: flat[i + 2]!, run, failures, budget, limit: bound });
    }
    return runs;
  }

  async stats(): Promise<StoreStats> {
    type View = Parameters<typeof statsOf>[0];
    const view = JSON.parse(await this.look<string>('stats')) as View;
    const queues = listOf<View['queues'][number]>(view.queues);
    const rest = listOf<string>(view.rest);
    for (let at = 0; at < rest.length; at += QUEUES_AT_ONCE) {
      const more = JSON.parse(await this.look<string>('stats', ...rest.slice(at, at + QUEUES_AT_ONCE))) as View;
      queues.push(...more.queues);
    }
    return statsOf({ ...view, queues });
  }

  async ping(): Promise<void> {
    await this.look('ping');
  }

  async dump(): Promise<unknown> {
    return dumpOf(JSON.parse(await this.look<string>('dump')) as Parameters<typeof dumpOf>[0]);
  }

  private readonly looking = <T>(script: string, ...args: ScriptArgument[]): Promise<T> =>
    this.look<T>(script, ...args);

  /** All of a hash, some in a script. What changes its place meanwhile may come twice. */
  private async scan(script: string): Promise<string[]> {
    const texts: string[] = [];
    for (let cursor = '0'; ;) {
      const [next, ...found] = await this.look<string[]>(script, '', cursor);
      texts.push(...found);
      if (next === '0') return texts;
      cursor = next!;
    }
  }

  /** One script lists some hundred open edges: the rest is asked for. */
  private async executionOf(text: string): Promise<TaskExecution> {
    const view = JSON.parse(text) as StoredView;
    const { waiting } = view;
    for (let next = waiting?.next; waiting && typeof next === 'number';) {
      const more = JSON.parse(await this.look<string>('openEdges', view.executionId, next)) as [object, number | false];
      waiting.dependencies = [...listOf(waiting.dependencies), ...listOf<object>(more[0])];
      next = more[1];
    }
    return executionOf(view);
  }
}
