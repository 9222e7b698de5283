import {
  NonRetryableError,
  RetryLaterError,
  RetryStrategy,
  TaskPriority,
  TaskStatus,
  type AdvancedTaskScheduler,
  type LockHandle,
  type RetryConfig,
  type SchedulerError,
  type SchedulerEventMap,
  type SchedulerEvents,
  type TaskContext,
  type TaskDefinition,
} from 'nestjs-advanced-scheduler';
import { defineTask } from 'nestjs-advanced-scheduler';
import { SchedulerTestingModule, type ManualClock, type SchedulerTestKit } from 'nestjs-advanced-scheduler/testing';
import { expectType, typeOf, type Same } from './expect-type.js';

const definition: TaskDefinition<{ id: number }> = {
  taskId: 'a',
  funcPath: 'a',
  priority: TaskPriority.HIGH,
  payload: { id: 1 },
  lockKey: ({ id }) => `account:${id}`,
};
// @ts-expect-error a key is text
const badKey: TaskDefinition<{ id: number }> = { ...definition, lockKey: ({ id }) => id };

const retry: RetryConfig = {
  strategy: RetryStrategy.LINEAR,
  jitter: 'full',
  retryIf: (_error, attempt) => attempt < 3,
};
// @ts-expect-error no such strategy
const badRetry: RetryConfig = { strategy: 'linear' };

export async function parts(scheduler: AdvancedTaskScheduler, ctx: TaskContext): Promise<void> {
  scheduler.registerTask(definition);
  const handle = await scheduler.lockManager.acquire('key', { ttl: '30s' });
  typeOf(handle).is<LockHandle | null>();
  const given = await scheduler.lockManager.withLock('key', {}, ({ fencingToken }) => fencingToken);
  typeOf(given).is<number>();
  const sizes = await scheduler.taskQueue.sizes();
  typeOf(sizes.CRITICAL).is<number>();
  const { status } = await scheduler.getHealthStatus();
  typeOf(status).is<'healthy' | 'degraded' | 'unhealthy'>();
  const { items } = await scheduler.listExecutions({ status: [TaskStatus.FAILED], limit: 10 });
  typeOf(items[0]!.status).is<TaskStatus>();
  // @ts-expect-error no such status
  await scheduler.listExecutions({ status: 'DONE' });
  typeOf(ctx.signal).is<AbortSignal>();
  typeOf(ctx.fencingToken).is<number | null>();
  // @ts-expect-error the definitions are read, not written
  scheduler.taskDefinitions.set('a', definition);
  // @ts-expect-error so is the context
  ctx.attempt = 2;
  const fatal: SchedulerError = new NonRetryableError('bad', { cause: new Error('why') });
  throw ctx.attempt > 1 ? fatal : new RetryLaterError('10m');
}

type Completed = SchedulerEventMap[typeof SchedulerEvents.EXECUTION_COMPLETED];
expectType<Same<Completed['executionId'], string>>(true);
// @ts-expect-error no such event
export type None = SchedulerEventMap['scheduler.execution.done'];

const greet = defineTask<{ name: string }, string>('greet');
export async function testing(kit: SchedulerTestKit): Promise<void> {
  typeOf(kit.clock).is<ManualClock>();
  await kit.advance('1d');
  const found = await kit.expectScheduled(greet, { payload: { name: 'Ada' }, priority: 'HIGH' });
  typeOf(found.result).is<string | null>();
  // @ts-expect-error no such field
  await kit.expectScheduled(greet, { payload: { nmae: 'Ada' } });
  const result = await kit.runHandler(greet, { name: 'Ada' }, { attempt: 2 });
  typeOf(result).is<string>();
  // @ts-expect-error another payload
  await kit.runHandler(greet, { name: 1 });
}
SchedulerTestingModule.forRoot({ maxConcurrentTasks: 2 });
// @ts-expect-error it never starts by itself
SchedulerTestingModule.forRoot({ autoStart: true });

void [badKey, retry, badRetry];
