import { Module, type DynamicModule } from '@nestjs/common';
import { PriorityTaskQueue } from './priority-task-queue.js';
import { QueueLimiter } from './queue-limiter.js';

/** The API of the priority queue, and the limits that an app declares. */
@Module({})
export class QueueModule {
  /** @param imports the modules that provide the store, the clock and the effects of one scheduler */
  static register(...imports: DynamicModule[]): DynamicModule {
    const providers = [PriorityTaskQueue, QueueLimiter];
    return { module: QueueModule, imports, providers, exports: providers };
  }
}
