import { Inject, Injectable } from '@nestjs/common';
import { copyOf } from '../core/json.js';
import { withPriorityName } from '../core/priority.js';
import type { CronOptions, CronSchedule } from '../core/schedule.js';
import type { ResolvedTask, TaskDefinition, TaskRecord } from '../core/task-definition.js';
import { CronScheduler } from '../cron/cron-scheduler.js';
import { TASK_STORE, type DefinitionStore } from '../store/task-store.js';
import { TaskCatalog } from '../task/task-catalog.js';
import { Readiness } from './readiness.js';
import { TaskRegistrar } from './task-registrar.js';

/** What there is to run, and when: tasks and their schedules. Arguments are checked by the caller. */
@Injectable()
export class Definitions {
  constructor(
    readonly cron: CronScheduler,
    private readonly registrar: TaskRegistrar,
    private readonly catalog: TaskCatalog,
    private readonly readiness: Readiness,
    @Inject(TASK_STORE) private readonly store: DefinitionStore,
  ) {}

  /** The tasks of this process by id. */
  get local(): ReadonlyMap<string, ResolvedTask> {
    return this.catalog.all;
  }

  register(definition: TaskDefinition<any>): void {
    this.registrar.register(definition);
  }

  unregister(taskId: string): boolean {
    const removed = this.registrar.unregister(taskId);
    if (removed && !this.catalog.isFlushed) void this.catalog.flush().catch(() => undefined);
    return removed;
  }

  /** The tasks of every node, by id. */
  async list(): Promise<TaskRecord[]> {
    if (!this.readiness.isReady) await this.readiness.prepare();
    const tasks = (await this.store.listTasks()).map((task) => withPriorityName(copyOf(task)));
    return tasks.sort((a, b) => (a.taskId < b.taskId ? -1 : 1));
  }

  async scheduleCron(taskId: string, expression: string, options: CronOptions<any>): Promise<CronSchedule> {
    if (!this.readiness.isReady) await this.readiness.prepare(taskId);
    if (!this.catalog.get(taskId)) await this.catalog.find(taskId);
    return this.cron.put(taskId, expression, options);
  }
}
