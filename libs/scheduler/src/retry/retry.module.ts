import { Module } from '@nestjs/common';
import { TaskRetryManager } from './task-retry-manager.js';

/** Retry decisions. */
@Module({ providers: [TaskRetryManager], exports: [TaskRetryManager] })
export class RetryModule {}
