import { Module, type DynamicModule } from '@nestjs/common';
import { Dispatcher } from './dispatcher.js';
import { Executor } from './executor.js';
import { TaskWorker } from './task-worker.js';

/** This process as a worker. */
@Module({})
export class WorkerModule {
  /** @param imports the modules that provide store, tasks, retry decisions and effects of one scheduler */
  static register(...imports: DynamicModule[]): DynamicModule {
    return { module: WorkerModule, imports, providers: [Dispatcher, Executor, TaskWorker], exports: [TaskWorker] };
  }
}
