import { Module, type DynamicModule } from '@nestjs/common';
import { DistributedTaskLock } from './distributed-task-lock.js';

/** Locks for users' own code. */
@Module({})
export class LockModule {
  /** @param imports the modules that give the store, the clock and the effects of one scheduler */
  static register(...imports: DynamicModule[]): DynamicModule {
    return { module: LockModule, imports, providers: [DistributedTaskLock], exports: [DistributedTaskLock] };
  }
}
