import { Module, type DynamicModule } from '@nestjs/common';
import { DistributedTaskLock } from './distributed-task-lock.js';

/** Locks for code of users. */
@Module({})
export class LockModule {
  /** @param imports the modules that provide the store, the clock and the effects of one scheduler */
  static register(...imports: DynamicModule[]): DynamicModule {
    return { module: LockModule, imports, providers: [DistributedTaskLock], exports: [DistributedTaskLock] };
  }
}
