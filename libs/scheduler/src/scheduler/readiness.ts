import { Injectable } from '@nestjs/common';
import { TaskCatalog } from '../task/task-catalog.js';
import { SchedulerLifecycle } from './scheduler-lifecycle.js';
import { TaskRegistrar } from './task-registrar.js';

/** Whether the store knows what the code of this process defines, as far as a call needs it. */
@Injectable()
export class Readiness {
  constructor(
    private readonly registrar: TaskRegistrar,
    private readonly catalog: TaskCatalog,
    private readonly lifecycle: SchedulerLifecycle,
  ) {}

  get isReady(): boolean {
    return this.registrar.isBooted && this.catalog.isFlushed;
  }

  /** Stores definitions that are not stored yet; before the boot of the app, those of these tasks. */
  async prepare(...taskIds: unknown[]): Promise<void> {
    if (!this.registrar.isBooted) await this.lifecycle.prepare(taskIds);
    if (!this.catalog.isFlushed) await this.catalog.flush();
  }
}
