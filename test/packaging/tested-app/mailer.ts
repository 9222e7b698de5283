/** What a user tests, by Jest and by Vitest: becomes src/mailer.spec.ts of an app. STORES: stores as JSON. */
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AdvancedTaskScheduler, ScheduledTask, SchedulerModule, type StoreOptions } from 'nestjs-advanced-scheduler';
import { SchedulerTestingModule, SchedulerTestKit } from 'nestjs-advanced-scheduler/testing';

interface Framework {
  useFakeTimers(): unknown;
  useRealTimers(): unknown;
  advanceTimersByTimeAsync(ms: number): Promise<unknown>;
  spyOn(object: Mailer, method: 'send'): { mockReturnValue(value: string): unknown; mockRestore(): void };
}
declare const vi: Framework | undefined;
const framework: Framework = typeof vi === 'undefined' ? jest : vi;

@Injectable()
class Mailer {
  @ScheduledTask('mail.send')
  async send({ to }: { to: string }): Promise<string> {
    return `sent to ${to}`;
  }

  @ScheduledTask('mail.slow')
  async slow(): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    return 'slow';
  }
}

describe('a kit', () => {
  afterEach(() => void framework.useRealTimers());

  it('drains and moves time under fake timers', async () => {
    framework.useFakeTimers();
    const imports = [SchedulerTestingModule.forRoot()];
    const module = await Test.createTestingModule({ imports, providers: [Mailer] }).compile();
    const kit = module.get(SchedulerTestKit);
    const scheduler = module.get(AdvancedTaskScheduler);
    await scheduler.scheduleTask('mail.send', { payload: { to: 'costa' }, delay: '1h' });
    await kit.drain();
    await kit.expectScheduled('mail.send', { status: 'PENDING' });
    await kit.advance('1h');
    const { result } = await kit.expectScheduled('mail.send', { status: 'COMPLETED' });
    expect(result).toBe('sent to costa');
    await scheduler.scheduleTask('mail.slow');
    await kit.drain();
    await framework.advanceTimersByTimeAsync(60_000);
    await kit.drain();
    await kit.expectScheduled('mail.slow', { status: 'COMPLETED' });
    await module.close();
  });

  it('runs the method that a test puts in place of another', async () => {
    const imports = [SchedulerTestingModule.forRoot()];
    const module = await Test.createTestingModule({ imports, providers: [Mailer] }).compile();
    const kit = module.get(SchedulerTestKit);
    const scheduler = module.get(AdvancedTaskScheduler);
    const run = async (to: string): Promise<unknown> => {
      await scheduler.scheduleTask('mail.send', { payload: { to } });
      await kit.drain();
      return (await kit.expectScheduled('mail.send', { payload: { to }, status: 'COMPLETED' })).result;
    };
    expect(await run('costa')).toBe('sent to costa');
    const spy = framework.spyOn(module.get(Mailer), 'send');
    spy.mockReturnValue('not sent');
    expect(await run('dietz')).toBe('not sent');
    spy.mockRestore();
    expect(await run('kahn')).toBe('sent to kahn');
    await module.close();
  });
});

for (const store of JSON.parse(process.env.STORES!) as StoreOptions[]) {
  it(`runs a task on ${JSON.stringify(store)}`, async () => {
    const imports = [SchedulerModule.forRoot({ store })];
    const module = await Test.createTestingModule({ imports, providers: [Mailer] }).compile();
    await module.init();
    const scheduler = module.get(AdvancedTaskScheduler);
    const id = await scheduler.scheduleTask('mail.send', { payload: { to: 'costa' } });
    const { result } = await scheduler.waitForExecution(id, { timeout: '10s' });
    expect(result).toBe('sent to costa');
    await module.close();
  });
}
