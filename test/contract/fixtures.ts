import type {
  NewEdge,
  NewExecution,
  NewWorkflow,
  RunToken,
  Settlement,
  SettlementKind,
} from '../../libs/scheduler/src/core/commands.js';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import type { DependencyType } from '../../libs/scheduler/src/core/dependency.js';
import type { ErrorInfo } from '../../libs/scheduler/src/core/failure.js';
import { TaskPriority } from '../../libs/scheduler/src/core/priority.js';
import type { ScheduleRecord } from '../../libs/scheduler/src/core/schedule.js';
import type { TaskRecord } from '../../libs/scheduler/src/core/task-definition.js';
import type { GivenHistory } from '../../libs/scheduler/src/store/history-settings.js';
import type { WorkerRegistration } from '../../libs/scheduler/src/store/records.js';
import type { TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import type { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';

/** What a store may be opened with; a factory fills in the rest. */
export interface StoreOptions {
  /** ms. Default 15,000. */
  lease?: number;
  history?: GivenHistory;
  /** ms. Default one hour. */
  maxAttemptDuration?: number;
}

export interface OpenedStore {
  store: TaskStore;
  clock: ManualClock;
  close(): Promise<void>;
}

/** Opens a separate, empty store, and returns it with its clock. */
export type OpenStore = (options?: StoreOptions) => Promise<OpenedStore>;

/** The tasks that every fixture registers and every worker can run. */
export const TASKS = ['plain', 'parent', 'uncle', 'child', 'grandchild', 'nightly'] as const;

export const LEASE = 15_000;
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const BOOM: ErrorInfo = { name: 'Error', message: 'boom', stack: null, code: null };

let count = 0;

/** A new id in the form of a ULID, ascending, so a failure has the same ids in every run. */
export function nextId(): string {
  count += 1;
  return idOf(count);
}

export function idOf(n: number): string {
  return `01KE00000000000000${n.toString().padStart(8, '0')}`;
}

export function newExecution(overrides: Partial<NewExecution> = {}): NewExecution {
  return {
    executionId: nextId(),
    taskId: 'plain',
    queue: 'default',
    priority: TaskPriority.NORMAL,
    payload: null,
    scheduledTime: null,
    delay: null,
    lock: null,
    timeout: null,
    edges: null,
    tags: null,
    workflow: null,
    idempotency: null,
    ...overrides,
  };
}

/** An edge to one execution. */
export function edgeTo(
  executionId: string,
  type: DependencyType = 'success',
  overrides: Partial<NewEdge> = {},
): NewEdge {
  return { ...edgeToNewest('parent', type), bind: { executionId }, ...overrides };
}

/** An edge to the newest execution of a task, or the next one. */
export function edgeToNewest(
  taskId: string,
  type: DependencyType = 'success',
  overrides: Partial<NewEdge> = {},
): NewEdge {
  return { taskId, ref: taskId, type, timeout: null, maxAge: null, reuse: false, bind: 'newest', ...overrides };
}

export function lockOn(key: string, maxWait: number | null = null, timeout = 5 * MINUTE): NewExecution['lock'] {
  return { key, timeout, maxWait };
}

export function taskRecordOf(taskId: string, overrides: Partial<TaskRecord> = {}): TaskRecord {
  return {
    taskId,
    taskName: `The ${taskId} task`,
    funcPath: `app.tasks.${taskId}`,
    priority: TaskPriority.NORMAL,
    payload: undefined,
    retry: null,
    dependencies: [],
    requireLock: false,
    lockKey: taskId,
    lockTimeout: 5 * MINUTE,
    lockMaxWait: null,
    timeout: null,
    queue: 'default',
    tags: [],
    appName: 'test',
    appVersion: '1.0.0',
    ...overrides,
  };
}

export function helloOf(workerId: string, overrides: Partial<WorkerRegistration> = {}): WorkerRegistration {
  return {
    workerId,
    hostname: 'localhost',
    pid: 1,
    appName: 'test',
    version: '1.0.0',
    tasks: TASKS,
    queues: ['default'],
    maxConcurrentTasks: 1000,
    ...overrides,
  };
}

/** A workflow of two steps: `b` after the success of `a`. */
export function twoSteps(): { workflow: NewWorkflow; members: NewExecution[] } {
  const [workflowId, a, b] = [nextId(), nextId(), nextId()];
  return {
    workflow: {
      workflowId,
      name: 'two',
      nodes: [
        { ref: 'a', executionId: a, taskId: 'plain', dependsOn: [] },
        { ref: 'b', executionId: b, taskId: 'plain', dependsOn: [{ ref: 'a', type: 'success' }] },
      ],
    },
    members: [
      newExecution({ executionId: a, workflow: { workflowId, ref: 'a' } }),
      newExecution({
        executionId: b,
        workflow: { workflowId, ref: 'b' },
        edges: [edgeTo(a, 'success', { ref: 'a' })],
      }),
    ],
  };
}

export type NewSchedule = Parameters<TaskStore['putSchedule']>[0];

export function newSchedule(overrides: Partial<ScheduleRecord> & { nextRunTime: number | null }): NewSchedule {
  return {
    id: 'every-minute',
    taskId: 'nightly',
    cronExpression: '* * * * *',
    timezone: 'UTC',
    startTime: null,
    endTime: null,
    overlap: 'skip',
    misfire: 'once',
    jitter: 0,
    payload: null,
    declaredBy: null,
    ...overrides,
  };
}

export const SETTLEMENT_KINDS = [
  'complete',
  'fail',
  'retry',
  'snooze',
  'release',
  'cancel',
] as const satisfies SettlementKind[];

/** A settlement of any kind with default details. */
export function settlementOf(kind: SettlementKind, run: RunToken): Settlement {
  switch (kind) {
    case 'complete':
      return settle.complete(run, null);
    case 'fail':
      return settle.fail(run, BOOM, 'HANDLER_FAILED');
    case 'retry':
      return settle.retry(run, BOOM, 1000);
    case 'snooze':
      return settle.snooze(run, BOOM, 1000);
    case 'release':
      return settle.release(run);
    case 'cancel':
      return settle.cancel(run, null);
  }
}
