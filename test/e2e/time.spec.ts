import { afterEach, describe, expect, it } from '@jest/globals';
import type { TaskExecution } from 'nestjs-advanced-scheduler';
import { ManualClock } from 'nestjs-advanced-scheduler/testing';
import { closeApps, gate, startApp, startKit } from '../support/app.js';
import { cpuTime } from '../support/cpu-time.js';

afterEach(closeApps);

const due = (executions: readonly TaskExecution[]) => executions.map((each) => each.scheduledTime);
const statuses = (executions: readonly TaskExecution[]) => executions.map((each) => each.status);

describe('cron', () => {
  it('ticks every second on the machine’s clock', async () => {
    const ticked = gate();
    const { scheduler } = await startApp({ t: () => ticked.open() });
    const schedule = await scheduler.scheduleCronTask('t', '* * * * * *');
    expect(Date.parse(schedule.nextRunTime!) % 1000).toBe(0);
    await ticked.opened;
    expect(await scheduler.unscheduleCronTask('t')).toBe(true);
    expect(await scheduler.unscheduleCronTask('t')).toBe(false);
    const [execution] = (await scheduler.listExecutions()).items;
    expect(execution!.scheduleId).toBe('t');
  });

  it('follows the clock changes of its zone', async () => {
    const { scheduler, kit } = await startKit({ t: () => 0 }, { clock: new ManualClock('2026-03-28T12:00:00Z') });
    await scheduler.scheduleCronTask('t', '30 2 * * *', { id: 'gap', timezone: 'Europe/Berlin' });
    await scheduler.scheduleCronTask('t', '0 9 * * *', { id: 'nine', timezone: 'America/New_York' });
    await kit.advanceTo('2026-03-31T12:00:00Z');
    const of = async (id: string) => due((await kit.executions('t')).filter((each) => each.scheduleId === id));
    // 02:30 does not exist on 29 March in Berlin: it fires after the gap.
    expect(await of('gap')).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
      '2026-03-31T00:30:00.000Z',
    ]);
    expect(await of('nine')).toEqual([
      '2026-03-28T13:00:00.000Z',
      '2026-03-29T13:00:00.000Z',
      '2026-03-30T13:00:00.000Z',
    ]);
  });

  it('ticks once in the repeated hour', async () => {
    const { scheduler, kit } = await startKit({ t: () => 0 }, { clock: new ManualClock('2026-10-24T12:00:00Z') });
    await scheduler.scheduleCronTask('t', '30 2 * * *', { timezone: 'Europe/Berlin' });
    await kit.advanceTo('2026-10-26T12:00:00Z');
    expect(due(await kit.executions('t'))).toEqual(['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z']);
  });

  it('respects startTime and endTime', async () => {
    const { scheduler, kit } = await startKit({ t: () => 0 });
    await scheduler.scheduleCronTask('t', '0 * * * *', {
      startTime: '2026-01-01T03:00:00Z',
      endTime: '2026-01-01T05:00:00Z',
    });
    await kit.advance('1d');
    expect(due(await kit.executions('t')).map((at) => at.slice(11, 13))).toEqual(['03', '04', '05']);
    expect((await scheduler.listCronTasks())[0]!.nextRunTime).toBeNull();
  });

  it('passes its payload, and reports when it ran', async () => {
    const { scheduler, kit } = await startKit({ t: [{ payload: { a: 1, b: 1 } }, (payload) => payload] });
    await scheduler.scheduleCronTask('t', '0 3 * * *', { payload: { b: 2 } });
    await kit.advance('1d');
    const found = await kit.expectScheduled('t', { payload: { a: 1, b: 2 } });
    expect(found.result).toEqual({ a: 1, b: 2 });
    expect((await scheduler.listCronTasks())[0]).toMatchObject({
      lastRunTime: '2026-01-01T03:00:00.000Z',
      lastExecutionId: found.executionId,
      nextRunTime: '2026-01-02T03:00:00.000Z',
      paused: false,
    });
  });

  it('pauses, and continues from the current time', async () => {
    const { scheduler, kit } = await startKit({ t: () => 0 });
    await scheduler.scheduleCronTask('t', '0 * * * *');
    await kit.advance('2h');
    expect(await scheduler.pauseCronTask('t')).toBe(true);
    await kit.advance('5h');
    expect(await scheduler.resumeCronTask('t')).toBe(true);
    await kit.advance('1h');
    expect(due(await kit.executions('t')).map((at) => at.slice(11, 13))).toEqual(['01', '02', '08']);
    expect(await scheduler.pauseCronTask('none')).toBe(false);
    expect(await scheduler.resumeCronTask('none')).toBe(false);
  });

  it('is changed by putting it again', async () => {
    const { scheduler, kit } = await startKit({ t: () => 0 });
    await scheduler.scheduleCronTask('t', '0 * * * *');
    await scheduler.scheduleCronTask('t', '30 * * * *');
    await kit.advance('2h');
    expect(due(await kit.executions('t')).map((at) => at.slice(11, 16))).toEqual(['00:30', '01:30']);
  });

  it('delays ticks by its jitter', async () => {
    const { scheduler, kit } = await startKit({ t: () => 0 });
    await scheduler.scheduleCronTask('t', '0 * * * *', { jitter: '10m' });
    await kit.advance('1d');
    const late = due(await kit.executions('t')).map((at) => Date.parse(at) % 3_600_000);
    expect(late.length).toBeGreaterThanOrEqual(23);
    expect(Math.max(...late)).toBeLessThanOrEqual(600_000);
    expect(new Set(late).size).toBeGreaterThan(10);
  });
});

describe('misfires', () => {
  // The clock jumps over due instants, as if no process was running.
  const missed = async (misfire: 'skip' | 'once' | 'all' | { all: number }) => {
    const { scheduler, kit, clock } = await startKit({ t: () => 0 });
    await scheduler.scheduleCronTask('t', '0 * * * *', { misfire, overlap: 'allow' });
    clock.advanceTo('2026-01-01T05:30:00Z');
    await kit.advance('1h');
    const executions = await kit.executions('t');
    return executions.map((each) => `${each.scheduledTime.slice(11, 13)} ${each.status}`);
  };

  it('are skipped, made up for once, or one by one', async () => {
    expect((await missed('skip')).filter((each) => each.endsWith('COMPLETED'))).toEqual(['06 COMPLETED']);
    expect(await missed('once')).toEqual(['05 COMPLETED', '06 COMPLETED']);
    expect(await missed('all')).toEqual(['01', '02', '03', '04', '05', '06'].map((hour) => `${hour} COMPLETED`));
    expect((await missed({ all: 2 })).filter((each) => each.endsWith('COMPLETED'))).toEqual([
      '04 COMPLETED',
      '05 COMPLETED',
      '06 COMPLETED',
    ]);
  });
});

describe('overlap', () => {
  const overlapping = async (overlap: 'allow' | 'skip' | 'queue' | 'cancel') => {
    const doors = [gate(), gate(), gate()];
    let most = 0;
    let running = 0;
    const { scheduler, kit } = await startKit(
      {
        t: (_payload, ctx) =>
          new Promise<void>((resolve, reject) => {
            most = Math.max(most, ++running);
            const end = (how: () => void) => () => {
              running--;
              how();
            };
            void doors.shift()?.opened.then(end(resolve));
            ctx.signal.addEventListener(
              'abort',
              end(() => reject(ctx.signal.reason as Error)),
            );
          }),
      },
      { maxAttemptDuration: '1d' },
    );
    kit.patience = 5;
    await scheduler.scheduleCronTask('t', '0 * * * *', { overlap });
    const [first, second, third] = doors;
    await kit.advance('3h');
    first!.open();
    await kit.drain();
    second!.open();
    await kit.drain();
    third!.open();
    await kit.drain();
    return { most, executions: await kit.executions('t') };
  };

  it('skip skips ticks', async () => {
    const { most, executions } = await overlapping('skip');
    expect(most).toBe(1);
    expect(statuses(executions)).toEqual(['COMPLETED', 'SKIPPED', 'SKIPPED']);
    expect(executions[1]!.reason).toBe('OVERLAP');
  });

  it('allow runs at the same time', async () => {
    const { most, executions } = await overlapping('allow');
    expect(most).toBe(3);
    expect(statuses(executions)).toEqual(['COMPLETED', 'COMPLETED', 'COMPLETED']);
  });

  it('cancel cancels the previous run', async () => {
    const { most, executions } = await overlapping('cancel');
    expect(most).toBe(1);
    expect(statuses(executions)).toEqual(['CANCELLED', 'CANCELLED', 'COMPLETED']);
  });

  it('queue runs one after the other', async () => {
    const { most, executions } = await overlapping('queue');
    expect(most).toBe(1);
    expect(statuses(executions)).toEqual(['COMPLETED', 'COMPLETED', 'COMPLETED']);
  });
});

describe('nights', () => {
  it('pair up one by one if an edge connects two nightly tasks', async () => {
    const { scheduler, kit } = await startKit({
      load: (_payload, ctx) => ctx.scheduledTime.toISOString().slice(0, 10),
      report: [{ dependencies: [{ taskId: 'load', type: 'success' }] }, (_payload, ctx) => ctx.results.load],
    });
    await scheduler.scheduleCronTask('load', '0 3 * * *');
    // Before the night's load exists, it waits.
    await scheduler.scheduleCronTask('report', '0 2 * * *');
    await kit.advance('3d');
    const reports = await kit.executions('report');
    expect(statuses(reports)).toEqual(['COMPLETED', 'COMPLETED', 'COMPLETED']);
    expect(reports.map((each) => each.result)).toEqual(['2026-01-01', '2026-01-02', '2026-01-03']);
    expect(reports.map((each) => each.startedTime!.slice(0, 13))).toEqual([
      '2026-01-01T03',
      '2026-01-02T03',
      '2026-01-03T03',
    ]);
  });

  it('of a year take seconds, including retries and edges', async () => {
    const { scheduler, kit } = await startKit(
      {
        load: [
          { retryConfig: { strategy: 'FIXED', initialDelay: '10m', maxAttempts: 2, jitter: false } },
          (_payload, ctx) => {
            if (ctx.attempt === 1 && ctx.scheduledTime.getUTCDate() === 13) throw new Error('the 13th');
            return ctx.scheduledTime.getUTCMonth();
          },
        ],
        report: [{ dependencies: [{ taskId: 'load' }] }, (_payload, ctx) => ctx.results.load],
      },
      { history: 2000 },
    );
    await scheduler.scheduleCronTask('load', '0 3 * * *', { timezone: 'Europe/Berlin' });
    await scheduler.scheduleCronTask('report', '30 3 * * *', { timezone: 'Europe/Berlin' });
    const took = cpuTime();
    await kit.advanceTo('2027-01-01T00:00:00Z');
    expect(took()).toBeLessThan(30_000);
    const reports = await kit.executions('report');
    expect(reports).toHaveLength(365);
    expect(new Set(statuses(reports))).toEqual(new Set(['COMPLETED']));
    const loads = await kit.executions('load');
    expect(loads).toHaveLength(365);
    expect(loads.filter((each) => each.retryCount === 1)).toHaveLength(12);
  });
});
