import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { AdvancedTaskScheduler } from '../scheduler/advanced-task-scheduler.js';
import { ScheduledTask } from '../task/scheduled-task.decorator.js';
import type { TaskContext } from '../task/task-context.js';
import { defineTask } from '../task/task-ref.js';
import { SchedulerTestKit } from './scheduler-test-kit.js';
import { getTestKitToken, SchedulerTestingModule } from './scheduler-testing.module.js';
import { cpuTime } from '../../../../test/support/cpu-time.js';

const greet = defineTask<{ name: string; loud?: boolean }, string>('greet', { payload: { name: 'nobody' } });

class Mail {
  send(text: string): string {
    return `sent ${text}`;
  }
}

@Injectable()
class Handlers {
  readonly runs: { at: number; attempt: number }[] = [];
  constructor(readonly mail: Mail) {}

  @ScheduledTask(greet)
  greet({ name, loud }: { name: string; loud?: boolean }): string {
    return this.mail.send(loud ? name.toUpperCase() : name);
  }

  @ScheduledTask('report', { dependencies: [{ taskId: 'greet' }], requireLock: true })
  report(_payload: unknown, ctx: TaskContext) {
    ctx.progress(0.5, 'half');
    ctx.log('a line');
    return { ...ctx.results, attempt: ctx.attempt, token: ctx.fencingToken, aborted: ctx.signal.aborted };
  }

  @ScheduledTask('hang', { timeout: '30s' })
  hang(_payload: unknown, ctx: TaskContext): Promise<void> {
    return new Promise((_resolve, reject) =>
      ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error)),
    );
  }

  @ScheduledTask('real')
  async real(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 10));
    return 'done';
  }

  @ScheduledTask('fail', {
    retryConfig: { strategy: 'EXPONENTIAL', maxAttempts: 4, initialDelay: '1m', jitter: false },
  })
  fail(): void {
    throw new Error('always');
  }

  @ScheduledTask('nightly', { cron: '0 3 * * *' })
  nightly(_payload: unknown, ctx: TaskContext): void {
    this.runs.push({ at: ctx.scheduledTime.getTime(), attempt: ctx.attempt });
  }
}

let module: TestingModule;
async function compile(): Promise<{ kit: SchedulerTestKit; scheduler: AdvancedTaskScheduler; handlers: Handlers }> {
  module = await Test.createTestingModule({
    imports: [SchedulerTestingModule.forRoot()],
    providers: [Handlers, Mail],
  }).compile();
  return {
    kit: module.get(SchedulerTestKit),
    scheduler: module.get(AdvancedTaskScheduler),
    handlers: module.get(Handlers),
  };
}
afterEach(() => module.close());

describe('SchedulerTestKit', () => {
  it('runs nothing before drain(), and then all that is ready', async () => {
    const { kit, scheduler } = await compile();
    const dependent = await scheduler.scheduleTask('report');
    const id = await scheduler.scheduleTask(greet, { payload: { name: 'Ada' } });
    await new Promise((resolve) => setImmediate(resolve));
    expect((await scheduler.getTaskStatus(id))!.status).toBe('PENDING');
    await kit.drain();
    expect(await scheduler.getTaskStatus(id)).toMatchObject({ status: 'COMPLETED', result: 'sent Ada' });
    expect(await scheduler.getTaskStatus(dependent)).toMatchObject({ result: { greet: 'sent Ada', token: 1 } });
    await scheduler.scheduleTask(greet, { payload: { name: 'later' } });
    await new Promise((resolve) => setImmediate(resolve));
    await kit.expectScheduled(greet, { payload: { name: 'later' }, status: 'PENDING' });
  });

  it('waits for handlers that wait for real time', async () => {
    const { kit, scheduler } = await compile();
    const id = await scheduler.scheduleTask('real');
    await kit.drain();
    expect((await scheduler.getTaskStatus(id))!.result).toBe('done');
  });

  it('does not wait for a handler that waits for an instant, and advances to the instant', async () => {
    const { kit, scheduler } = await compile();
    const id = await scheduler.scheduleTask('hang');
    await kit.drain();
    expect((await scheduler.getTaskStatus(id))!.status).toBe('RUNNING');
    await kit.advance('29s');
    expect((await scheduler.getTaskStatus(id))!.status).toBe('RUNNING');
    await kit.advance('1s');
    expect(await scheduler.getTaskStatus(id)).toMatchObject({
      status: 'FAILED',
      reason: 'TIMEOUT',
      completedTime: '2026-01-01T00:00:30.000Z',
    });
  });

  it('advances from instant to instant', async () => {
    const { kit, scheduler } = await compile();
    const id = await scheduler.scheduleTask('fail');
    await kit.advance('1h');
    const { attempts, status } = (await scheduler.getTaskStatus(id))!;
    expect(status).toBe('FAILED');
    expect(attempts.map((attempt) => attempt.startedTime.slice(11, 19))).toEqual([
      '00:00:00',
      '00:01:00',
      '00:03:00',
      '00:07:00',
    ]);
    expect(kit.clock.now()).toBe(Date.parse('2026-01-01T01:00:00Z'));
  });

  it('advances over a year of nightly ticks in seconds', async () => {
    const { kit, handlers } = await compile();
    const took = cpuTime();
    await kit.advanceTo('2027-01-01T00:00:00Z');
    expect(took()).toBeLessThan(20_000);
    expect(handlers.runs).toHaveLength(365);
    expect(new Set(handlers.runs.map(({ at }) => new Date(at).toISOString().slice(11)))).toEqual(
      new Set(['03:00:00.000Z']),
    );
  });

  it('refuses to go back', async () => {
    const { kit } = await compile();
    await expect(kit.advanceTo('2025-12-31')).rejects.toThrow(RangeError);
    // Without a zone it would be another instant on each machine.
    await expect(kit.advanceTo('2126-01-01T00:00:00')).rejects.toThrow(RangeError);
    await expect(kit.advanceTo('no date')).rejects.toThrow(RangeError);
  });

  it('finds what was scheduled, by parts of it', async () => {
    const { kit, scheduler } = await compile();
    const id = await scheduler.scheduleTask(greet, {
      payload: { name: 'Ada', loud: true },
      priority: 'HIGH',
      delay: '1h',
      tags: ['a', 'b'],
    });
    const found = await kit.expectScheduled(greet, {
      payload: { loud: true },
      priority: 'HIGH',
      tags: ['b'],
      scheduledTime: '2026-01-01T01:00:00Z',
    });
    expect(found.executionId).toBe(id);
    await kit.expectNotScheduled(greet, { priority: 'LOW' });
    await kit.expectNotScheduled('report');
  });

  it('reports what was scheduled if there is no match', async () => {
    const { kit, scheduler } = await compile();
    await scheduler.scheduleTask(greet, { payload: { name: 'Ada' } });
    await expect(kit.expectScheduled(greet, { payload: { name: 'Bob' } })).rejects.toThrow(
      [
        `expected an execution of 'greet' with {"payload":{"name":"Bob"}}`,
        'scheduled (1):',
        '  PENDING NORMAL due 2026-01-01T00:00:00.000Z payload {"name":"Ada"}',
      ].join('\n'),
    );
    await expect(kit.expectScheduled('fail')).rejects.toThrow(
      "expected an execution of 'fail' with anything\nnothing was scheduled\nscheduled of other tasks: greet",
    );
    await expect(kit.expectNotScheduled(greet)).rejects.toThrow("expected no execution of 'greet'");
    await expect(kit.expectScheduled('fail')).rejects.toMatchObject({ name: 'AssertionError' });
  });

  it('runs a handler alone', async () => {
    const { kit } = await compile();
    await expect(kit.runHandler(greet)).resolves.toBe('sent nobody');
    await expect(kit.runHandler(greet, { name: 'Ada', loud: true })).resolves.toBe('sent ADA');
    const said: unknown[] = [];
    const result: unknown = await kit.runHandler('report', undefined, {
      attempt: 3,
      results: { greet: 'hello' },
      signal: AbortSignal.abort(new Error('enough')),
      onProgress: (...progress) => said.push(progress),
      onLog: (line) => said.push(line),
    });
    expect(result).toEqual({ greet: 'hello', attempt: 3, token: 1, aborted: true });
    expect(said).toEqual([[0.5, 'half'], 'a line']);
    await expect(kit.runHandler('fail')).rejects.toThrow('always');
    await expect(kit.runHandler('none')).rejects.toMatchObject({ code: 'TASK_NOT_REGISTERED' });
    expect(await kit.executions()).toEqual([]);
  });

  it('closes an app whose handlers hang', async () => {
    const { kit, scheduler } = await compile();
    kit.patience = 10;
    await scheduler.scheduleTask('hang');
    await kit.drain();
    await module.close();
    await expect(kit.executions('hang')).rejects.toMatchObject({ code: 'SCHEDULER_CLOSED' });
  });

  it('supports overridden providers, and has a kit for each scheduler', async () => {
    module = await Test.createTestingModule({
      imports: [SchedulerTestingModule.forRoot(), SchedulerTestingModule.forRoot({ name: 'other' })],
      providers: [Handlers, Mail],
    })
      .overrideProvider(Mail)
      .useValue({ send: () => 'not sent' })
      .compile();
    const kit = module.get(SchedulerTestKit);
    await expect(kit.runHandler(greet)).resolves.toBe('not sent');
    const other = module.get<SchedulerTestKit>(getTestKitToken('other'));
    expect(other).toBeInstanceOf(SchedulerTestKit);
    expect(other).not.toBe(kit);
    await expect(other.runHandler(greet)).rejects.toMatchObject({ code: 'TASK_NOT_REGISTERED' });
  });
});
