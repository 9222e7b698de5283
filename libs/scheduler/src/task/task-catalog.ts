import { Inject, Injectable } from '@nestjs/common';
import {
  DefinitionNotPortableError,
  TaskAlreadyRegisteredError,
  TaskInUseError,
  TaskNotRegisteredError,
} from '../core/errors.js';
import { DEFAULT_SNOOZES } from '../core/limits.js';
import { toTaskRecord, type ResolvedTask, type TaskRecord } from '../core/task-definition.js';
import { TASK_STORE, type DefinitionStore } from '../store/task-store.js';

/** The app that defines the tasks. */
export interface AppIdentity {
  appName: string;
  version: string;
}
export const APP_IDENTITY = Symbol.for('nestjs-advanced-scheduler:app');

/**
 * The tasks of this process, and their records in the store. Registration is immediate here; the record is written
 * before the next call that uses the store.
 */
@Injectable()
export class TaskCatalog {
  private readonly tasks = new Map<string, ResolvedTask>();
  private readonly pending = new Map<string, ResolvedTask | null>();
  private flushing: Promise<void> | null = null;
  private readonly changed = new Set<() => void>();

  constructor(
    @Inject(TASK_STORE) private readonly store: DefinitionStore,
    @Inject(APP_IDENTITY) private readonly app: AppIdentity,
  ) {}

  get all(): ReadonlyMap<string, ResolvedTask> {
    return this.tasks;
  }

  get(taskId: string): ResolvedTask | undefined {
    return this.tasks.get(taskId);
  }

  /** @throws TaskAlreadyRegisteredError */
  add(task: ResolvedTask): void {
    if (this.tasks.has(task.taskId)) throw new TaskAlreadyRegisteredError(task.taskId);
    this.tasks.set(task.taskId, task);
    this.pending.set(task.taskId, task);
    for (const callback of this.changed) callback();
  }

  remove(taskId: string): boolean {
    if (!this.tasks.delete(taskId)) return false;
    this.pending.set(taskId, null);
    for (const tell of this.changed) tell();
    return true;
  }

  /** Calls back when the set of tasks changes. */
  onChange(tell: () => void): void {
    this.changed.add(tell);
  }

  /** The task, from here or from the store. @throws TaskNotRegisteredError, DefinitionNotPortableError */
  async find(taskId: string): Promise<ResolvedTask> {
    const task = await this.findIfKnown(taskId);
    if (!task) throw new TaskNotRegisteredError(taskId);
    return task;
  }

  /** Like find, but null if no node has the task. */
  async findIfKnown(taskId: string): Promise<ResolvedTask | null> {
    const local = this.tasks.get(taskId);
    if (local) return local;
    // From an untyped caller: no task has such an id.
    const record = typeof taskId === 'string' ? await this.store.getTask(taskId) : null;
    return record && fromRecord(record);
  }

  /** Whether any node has the task. */
  async isKnown(taskId: string): Promise<boolean> {
    return this.tasks.has(taskId) || (await this.store.getTask(taskId)) !== null;
  }

  /**
   * Whether the current definition is of a newer release of the app. Valid after a flush, when that of an older one is
   * gone.
   */
  async isSuperseded(taskId: string, appName: string, appVersion: string): Promise<boolean> {
    const record = await this.store.getTask(taskId);
    return record !== null && record.appName === appName && record.appVersion !== appVersion;
  }

  /** The store has lost the records: all are written before the next call that uses the store. */
  storeAgain(): void {
    for (const [taskId, task] of this.tasks) this.pending.set(taskId, task);
  }

  /** Whether all definitions are stored. */
  get isFlushed(): boolean {
    return this.pending.size === 0 && this.flushing === null;
  }

  /** Writes pending records; on failure they stay pending for the next call. */
  async flush(): Promise<void> {
    while (this.flushing) await this.flushing;
    if (this.pending.size === 0) return;
    this.flushing = this.storePending().finally(() => (this.flushing = null));
    await this.flushing;
  }

  private async storePending(): Promise<void> {
    const changes = [...this.pending];
    const added = changes.flatMap(([, task]) => (task ? [toTaskRecord(task, this.app.appName, this.app.version)] : []));
    if (added.length > 0) await this.store.putTasks(added);
    for (const [taskId, task] of changes) {
      if (task === null) await this.removeRecord(taskId);
      if (this.pending.get(taskId) === task) this.pending.delete(taskId);
    }
  }

  /** A task of another node may depend on it; the record then stays for that node. */
  private async removeRecord(taskId: string): Promise<void> {
    try {
      await this.store.removeTask(taskId);
    } catch (error) {
      if (!(error instanceof TaskInUseError)) throw error;
    }
  }
}

function fromRecord(record: TaskRecord): ResolvedTask {
  if (record.requireLock && record.lockKey === null) throw new DefinitionNotPortableError(record.taskId, 'lockKey');
  const { appName: _app, appVersion: _version, retry, lockKey, maxSnoozes = DEFAULT_SNOOZES, ...rest } = record;
  return {
    ...rest,
    maxSnoozes,
    lockKey: lockKey ?? record.taskId,
    retry: retry && { ...retry, retryIf: null },
    remote: true,
  };
}
