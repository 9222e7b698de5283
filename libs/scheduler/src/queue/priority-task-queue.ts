import { Inject, Injectable } from '@nestjs/common';
import { checkId } from '../core/check-options.js';
import { InvalidOptionError } from '../core/errors.js';
import { checkName } from '../core/names.js';
import { PRIORITY_NAMES, parsePriority, type TaskPriorityInput, type TaskPriorityName } from '../core/priority.js';
import { TASK_STORE, type ExecutionStore, type QueueStore } from '../store/task-store.js';

/** The executions that are ready to be claimed: five priorities, first in, first out within each, over all nodes. */
@Injectable()
export class PriorityTaskQueue {
  constructor(@Inject(TASK_STORE) private readonly store: QueueStore & ExecutionStore) {}

  /** Number of ready executions, of one priority or of all. Delayed and waiting ones are not included. */
  async size(priority?: TaskPriorityInput, queue?: string): Promise<number> {
    const sizes = await this.store.queueSizes(queue === undefined ? undefined : checkName(queue, 'queue'));
    return priority === undefined ? sizes.reduce((sum, size) => sum + size, 0) : sizes[parsePriority(priority)]!;
  }

  async sizes(queue?: string): Promise<Record<TaskPriorityName, number>> {
    const sizes = await this.store.queueSizes(queue === undefined ? undefined : checkName(queue, 'queue'));
    return Object.fromEntries(PRIORITY_NAMES.map((name, level) => [name, sizes[level]])) as Record<
      TaskPriorityName,
      number
    >;
  }

  async isEmpty(queue?: string): Promise<boolean> {
    return (await this.size(undefined, queue)) === 0;
  }

  /**
   * The ids that would be claimed next, in order.
   * @param count 1 to 1000. Default 1
   */
  async peek(count = 1, queue = 'default'): Promise<string[]> {
    if (!Number.isInteger(count) || count < 1 || count > 1000)
      throw new InvalidOptionError('count', count, '1 to 1000');
    return this.store.peekQueue(checkName(queue, 'queue'), count);
  }

  /** Removes a waiting execution: it ends as CANCELLED. @returns false if it is not waiting */
  async remove(executionId: string): Promise<boolean> {
    const execution = await this.store.getExecution(checkId(executionId));
    if (execution?.status !== 'PENDING' && execution?.status !== 'RETRYING') return false;
    const change = await this.store.cancel(executionId, 0);
    return change !== null && change.is !== change.was;
  }

  /** Stops claims from the queue on every node. Delayed executions still become ready. */
  async pause(queue = 'default'): Promise<void> {
    return this.store.pauseQueue(checkName(queue, 'queue'));
  }

  async resume(queue = 'default'): Promise<void> {
    return this.store.resumeQueue(checkName(queue, 'queue'));
  }

  /**
   * Removes the queue's limits (concurrency, rate limit) on every node. An app whose code declares limits sets them
   * again at its next start. `scheduler.listQueues()` shows them.
   */
  async clearLimits(queue = 'default'): Promise<void> {
    return this.store.configureQueue(checkName(queue, 'queue'), { rateLimit: null, concurrency: null });
  }
}
