import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, UseInterceptors, type CallHandler, type ExecutionContext } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { AdvancedTaskScheduler } from '../scheduler/advanced-task-scheduler.js';
import { ScheduledTask } from '../task/scheduled-task.decorator.js';
import type { TaskContext } from '../task/task-context.js';
import { SchedulerTestKit } from './scheduler-test-kit.js';
import { SchedulerTestingModule } from './scheduler-testing.module.js';

class Passing {
  intercept(_context: ExecutionContext, next: CallHandler): unknown {
    return next.handle();
  }
}

@Injectable()
class Mailer {
  @ScheduledTask('mail.send', { retryConfig: { strategy: 'FIXED', maxAttempts: 3, initialDelay: '1h', jitter: false } })
  async send(_payload: unknown, ctx: TaskContext): Promise<string> {
    ctx.progress(0.5);
    ctx.log(`attempt ${ctx.attempt}`);
    await Promise.resolve();
    if (ctx.attempt < 3) throw new Error('the gateway is down');
    return 'sent';
  }

  @ScheduledTask('mail.digest', { cron: '0 8 * * *', timeout: '10m' })
  @UseInterceptors(Passing)
  digest(): number {
    return Date.now();
  }

  /** Its time-out comes by the kit's clock, since nothing else ends it. */
  @ScheduledTask('mail.stuck', { timeout: '10m' })
  async stuck(_payload: unknown, ctx: TaskContext): Promise<void> {
    await new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error)));
  }

  /** Waits for a timer that only the test moves. */
  @ScheduledTask('mail.slow')
  async slow(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    return 'slow';
  }
}

let module: TestingModule;
let scheduler: AdvancedTaskScheduler;
let kit: SchedulerTestKit;

beforeEach(() => void jest.useFakeTimers({ now: new Date('2026-01-01T00:00:00Z') }));
afterEach(async () => {
  await module.close();
  jest.useRealTimers();
});

describe.each([
  ['initialised', true],
  ['compiled only', false],
])('a kit under the fake timers of Jest, %s', (_, isInitialised) => {
  beforeEach(async () => {
    const imports = [SchedulerTestingModule.forRoot()];
    module = await Test.createTestingModule({ imports, providers: [Mailer] }).compile();
    if (isInitialised) await module.init();
    scheduler = module.get(AdvancedTaskScheduler);
    kit = module.get(SchedulerTestKit);
  });

  it('drains and advances its own time', async () => {
    await scheduler.scheduleTask('mail.send');
    await kit.drain();
    await kit.expectScheduled('mail.send', { status: 'RETRYING' });
    await kit.advance('2h');
    const sent = await kit.expectScheduled('mail.send', { status: 'COMPLETED' });
    expect(sent).toMatchObject({
      result: 'sent',
      progress: { fraction: 0.5 },
      logs: ['attempt 1', 'attempt 2', 'attempt 3'],
    });
    await kit.advance('2d');
    expect(await kit.executions('mail.digest')).toHaveLength(2);
  });

  it('ends a waiting handler by its timeout', async () => {
    await scheduler.scheduleTask('mail.stuck');
    await kit.advance('11m');
    await kit.expectScheduled('mail.stuck', { status: 'FAILED' });
  });

  it('continues without a handler that waits for a timer of the test, and with it after that has fired', async () => {
    await scheduler.scheduleTask('mail.slow');
    await kit.drain();
    await kit.expectScheduled('mail.slow', { status: 'RUNNING' });
    await jest.advanceTimersByTimeAsync(5_000);
    await kit.drain();
    await kit.expectScheduled('mail.slow', { status: 'COMPLETED' });
  });

  it('runs a handler alone, takes locks and waits for an end', async () => {
    await expect(kit.runHandler('mail.send')).rejects.toThrow('gateway');
    const lock = await scheduler.lockManager.acquire('k');
    expect(await scheduler.lockManager.withLock('other', {}, () => 1)).toBe(1);
    await lock!.release();
    const waiting = scheduler.waitForExecution(await scheduler.scheduleTask('mail.digest'));
    await kit.drain();
    expect(await waiting).toMatchObject({ status: 'COMPLETED' });
  });
});
