import type { TaskExecution } from '../../core/execution.js';
import { LIST_SCAN } from '../../core/limits.js';
import type { ScheduleRecord } from '../../core/schedule.js';
import type { TaskMirror } from '../../core/task-definition.js';
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
import { executionOf, lockOf, workerOf, workflowOf } from './codec/views.js';
import type { ExecutionView, LockView, WorkerView, WorkflowView } from './codec/views.js';
import { RedisFrame } from './redis-frame.js';

/** Executions that one script of a listing looks at closely. */
const SCAN_STEP = 500;

/** The verbs that only look: a script each, that cannot write. */
export abstract class RedisLooks extends RedisFrame {
  async getTask(taskId: string): Promise<TaskMirror | null> {
    const [text] = await this.look<(string | null)[]>('getTasks', taskId);
    return text ? (JSON.parse(text) as TaskMirror) : null;
  }

  async listTasks(): Promise<TaskMirror[]> {
    return (await this.look<string[]>('getTasks', '')).map((text) => JSON.parse(text) as TaskMirror);
  }

  queueSizes(queue = ''): Promise<number[]> {
    return this.look('queueSizes', queue);
  }

  peekQueue(queue: string, count: number): Promise<string[]> {
    return this.look('peekQueue', queue, count);
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

  async getWorkflow(workflowId: string): Promise<WorkflowInfo | null> {
    const text = await this.look<string | null>('getWorkflow', workflowId);
    return text === null ? null : workflowOf(JSON.parse(text) as WorkflowView);
  }

  async listWorkflows({ limit, cursor }: { limit: number; cursor?: string }): Promise<Page<WorkflowInfo>> {
    const texts = await this.look<string[]>('listWorkflows', cursor ?? '', limit);
    const views = texts.slice(0, limit).map((text) => JSON.parse(text) as WorkflowView);
    return { items: views.map(workflowOf), nextCursor: texts.length > limit ? String(views.at(-1)!.order) : null };
  }

  async getLock(key: string): Promise<LockInfo | null> {
    return (await this.locks(key))[0] ?? null;
  }

  listLocks(): Promise<LockInfo[]> {
    return this.locks('');
  }

  async listWorkers(): Promise<WorkerInfo[]> {
    const texts = await this.look<string[]>('listWorkers');
    return texts.map((text) => workerOf(JSON.parse(text) as WorkerView, this.settings.lease));
  }

  async getResults(executionId: string, from: number): Promise<ResultsPage> {
    const [next, flat] = await this.look<[number, (string | null)[]]>('results', executionId, from);
    return { results: recordOfResults(flat), next: next === 0 ? null : next };
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
    const found = await this.look<[number, string, string, ...string[]]>('dueSchedules', limit);
    const [now, next, effects, ...texts] = found;
    this.tellText(effects);
    const schedules = texts.map((text) => JSON.parse(text) as ScheduleRecord);
    return { now, schedules, next: next === '' ? null : this.toLocal(Number(next)) };
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

  async stats(): Promise<StoreStats> {
    return statsOf(JSON.parse(await this.look<string>('stats')) as Parameters<typeof statsOf>[0]);
  }

  async ping(): Promise<void> {
    await this.look('ping');
  }

  async dump(): Promise<unknown> {
    return dumpOf(JSON.parse(await this.look<string>('dump')) as Parameters<typeof dumpOf>[0]);
  }

  private async locks(key: string): Promise<LockInfo[]> {
    const texts = await this.look<string[]>('getLocks', key);
    return texts.map((text) => lockOf(JSON.parse(text) as LockView));
  }
}
