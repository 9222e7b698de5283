import { Inject, Injectable, Logger } from '@nestjs/common';
import type { QueueRules } from '../store/records.js';
import { TASK_STORE, type QueueStore } from '../store/task-store.js';

/** Declares the queue limits of this app's code, and clears those that it no longer declares. */
@Injectable()
export class QueueLimiter {
  private readonly logger = new Logger('Scheduler');
  private declared: { appName: string; names: readonly string[] } | null = null;

  constructor(@Inject(TASK_STORE) private readonly store: QueueStore) {}

  /**
   * Sets the limits that code declares, and clears those that it no longer declares.
   * @param alone whether no other process can belong to the app: then this is immediate, otherwise after ten minutes
   */
  async reconcile(appName: string, rules: ReadonlyMap<string, QueueRules>, alone: boolean): Promise<void> {
    for (const [queue, each] of rules) await this.store.configureQueue(queue, each, appName);
    this.declared = { appName, names: [...rules.keys()] };
    await this.declare(alone);
  }

  /** Renews the declarations of this app, as a sign that it is alive. */
  async declareAgain(): Promise<void> {
    await this.declare(false);
  }

  private async declare(alone: boolean): Promise<void> {
    if (!this.declared) return;
    const { appName, names } = this.declared;
    for (const queue of await this.store.declareQueues(appName, names, alone))
      this.logger.log(`the limits of queue '${queue}' were cleared: the code of '${appName}' no longer declares them`);
  }
}
