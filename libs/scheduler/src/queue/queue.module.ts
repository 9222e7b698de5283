import { Module, type DynamicModule } from '@nestjs/common';
import { PriorityTaskQueue } from './priority-task-queue.js';

/** The priority queue as its users handle it. */
@Module({})
export class QueueModule {
  /** @param imports the modules that give the store, the clock and the effects of one scheduler */
  static register(...imports: DynamicModule[]): DynamicModule {
    return { module: QueueModule, imports, providers: [PriorityTaskQueue], exports: [PriorityTaskQueue] };
  }
}
