import { describe, expect, it } from '@jest/globals';
import { MINUTE, newExecution, newSchedule, type OpenStore } from './fixtures.js';
import { fire, put, tickOf } from './schedule-ticks.js';
import { fixtures } from './store-fixture.js';

export function scheduleContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('a schedule', () => {
    it(
      'is stored as it was put',
      withFixture(async (s) => {
        const schedule = newSchedule({
          nextRunTime: s.now + MINUTE,
          payload: '{"a":1}',
          misfire: { all: 5 },
          jitter: 7,
        });
        const stored = await s.store.putSchedule(schedule);
        expect(stored).toMatchObject({ ...schedule, paused: false, lastRunTime: null, lastExecutionId: null });
        expect(await s.store.getSchedule('every-minute')).toEqual(stored);
        expect(await s.store.listSchedules()).toEqual([stored]);
        expect(s.effectsOf('schedule')).toMatchObject([
          { transition: 'put', scheduleId: 'every-minute', taskId: 'nightly' },
        ]);
      }),
    );

    it(
      'keeps its next tick, its pause and its revision when it is put again unchanged',
      withFixture(async (s) => {
        const first = await put(s);
        await s.store.pauseSchedule('every-minute');
        const paused = (await s.store.getSchedule('every-minute'))!;
        s.clock.advance(5_000);
        const second = await put(s, { nextRunTime: s.now + 99 * MINUTE });
        expect(second).toMatchObject({ nextRunTime: first.nextRunTime, paused: true, revision: paused.revision });
      }),
    );

    it(
      'gets the new tick when it is changed, and refuses one decided for the old expression',
      withFixture(async (s) => {
        const first = await put(s);
        const stale = await tickOf(s);
        const second = await put(s, { cronExpression: '*/5 * * * *', nextRunTime: first.nextRunTime });
        expect(second.revision).toBeGreaterThan(first.revision);
        expect(await s.store.fire([stale])).toEqual([false]);
        expect(await s.store.getExecution(stale.ticks[0]!.execution.executionId)).toBeNull();
        expect(await put(s, { cronExpression: '0 * * * *', nextRunTime: s.now + 7 * MINUTE })).toMatchObject({
          nextRunTime: s.now + 7 * MINUTE,
        });
      }),
    );

    it(
      'continues from a tick that is due when its expression is changed, unless it is paused',
      withFixture(async (s) => {
        const { nextRunTime: due } = await put(s);
        s.clock.advanceTo(due!);
        const changed = { cronExpression: '*/5 * * * *', nextRunTime: s.now + 5 * MINUTE };
        expect(await put(s, changed)).toMatchObject({ ...changed, nextRunTime: due });
        expect((await s.store.dueSchedules(1)).schedules).toMatchObject([{ id: 'every-minute', nextRunTime: due }]);
        await s.store.pauseSchedule('every-minute');
        expect(await put(s, { ...changed, cronExpression: '0 * * * *' })).toMatchObject({
          nextRunTime: changed.nextRunTime,
        });
        const without = await put(s, { id: 'other', nextRunTime: s.now });
        expect(await put(s, { id: 'other', endTime: s.now + 1, nextRunTime: null })).toMatchObject({
          nextRunTime: without.nextRunTime,
        });
      }),
    );

    it(
      'fires with others in one transition, each if it is unchanged since it was read',
      withFixture(async (s) => {
        for (const id of ['a', 'b', 'c']) await put(s, { id, nextRunTime: s.now });
        const commands = [
          await tickOf(s, 'allow', false, 'a'),
          await tickOf(s, 'allow', true, 'b'),
          await tickOf(s, 'allow', false, 'c'),
        ];
        commands[1]!.ticks[0]!.reason = 'TASK_UNREGISTERED';
        await s.store.pauseSchedule('c');
        expect(await s.store.fire(commands)).toEqual([true, true, false]);
        expect(await s.store.fire(commands)).toEqual([false, false, false]);
        const { items } = await s.store.listExecutions({ taskId: 'nightly' });
        expect(items.map(({ scheduleId, status, reason }) => [scheduleId, status, reason])).toEqual([
          ['b', 'SKIPPED', 'TASK_UNREGISTERED'],
          ['a', 'PENDING', null],
        ]);
        expect(await s.store.fire([])).toEqual([]);
      }),
    );

    it(
      'is due at its tick, the earliest first, unless it is paused or has ended',
      withFixture(async (s) => {
        await put(s, { id: 'late', nextRunTime: s.now + 2_000 });
        await put(s, { id: 'early', nextRunTime: s.now + 1_000 });
        await put(s, { id: 'paused', nextRunTime: s.now + 500 });
        await put(s, { id: 'over', nextRunTime: null });
        await s.store.pauseSchedule('paused');
        const due = async (limit = 10, skip = 0) =>
          (await s.store.dueSchedules(limit, skip)).schedules.map((schedule) => schedule.id);
        s.clock.advance(999);
        expect(await due()).toEqual([]);
        s.clock.advance(1);
        expect(await s.store.dueSchedules(10)).toMatchObject({ now: s.now });
        expect(await due()).toEqual(['early']);
        s.clock.advance(60_000);
        expect(await due()).toEqual(['early', 'late']);
        expect(await due(1)).toEqual(['early']);
        expect(await due(1, 1)).toEqual(['late']);
        expect(await due(1, 2)).toEqual([]);
        await put(s, { id: 'next', nextRunTime: s.now + 1_000 });
        for (const [limit, skip] of [[10], [10, 1], [2], [1, 1]] as const)
          expect((await s.store.dueSchedules(limit, skip)).next).toBe(s.now + 1_000);
      }),
    );

    it(
      'fires a tick once, however many nodes try',
      withFixture(async (s) => {
        await put(s);
        const command = await tickOf(s);
        s.clock.advanceTo(command.expected.nextRunTime);
        expect(await Promise.all([1, 2, 3].map(() => s.store.fire([command])))).toEqual([[true], [false], [false]]);
        const id = command.ticks[0]!.execution.executionId;
        expect(await s.get(id)).toMatchObject({ status: 'PENDING', scheduleId: 'every-minute', taskId: 'nightly' });
        expect(await s.store.getSchedule('every-minute')).toMatchObject({
          nextRunTime: command.nextRunTime,
          lastRunTime: command.expected.nextRunTime,
          lastExecutionId: id,
        });
        expect((await s.stats()).counters.scheduled).toBe(1);
        expect(s.effectsOf('schedule').map((effect) => effect.transition)).toEqual(['put', 'fired']);
        expect(await (await s.worker()).claimIds(9)).toEqual([id]);
      }),
    );

    it(
      'fires all ticks of one command',
      withFixture(async (s) => {
        await put(s);
        const command = await tickOf(s);
        const more = [1, 2].map((n) => {
          const time = command.expected.nextRunTime + n * MINUTE;
          const execution = newExecution({
            executionId: `cron:every-minute:${time}`,
            taskId: 'nightly',
            scheduledTime: time,
          });
          return { execution, time, leaveOut: false };
        });
        s.clock.advance(10 * MINUTE);
        const ticks = [...command.ticks, ...more];
        expect(await s.store.fire([{ ...command, ticks, nextRunTime: s.now + MINUTE }])).toEqual([true]);
        const ids = ticks.map((tick) => tick.execution.executionId);
        expect(await (await s.worker()).claimIds(9)).toEqual(ids);
        expect(await s.store.getSchedule('every-minute')).toMatchObject({
          lastRunTime: ticks.at(-1)!.time,
          lastExecutionId: ids.at(-1),
        });
      }),
    );

    it(
      'fires nothing while paused; when resumed, its next tick is the given one',
      withFixture(async (s) => {
        await put(s);
        const command = await tickOf(s);
        expect(await s.store.pauseSchedule('every-minute')).toBe(true);
        s.clock.advance(5 * MINUTE);
        expect(await s.store.fire([command])).toEqual([false]);
        expect(await s.store.fire([await tickOf(s)])).toEqual([false]);
        const next = s.now + 30_000;
        expect(await s.store.resumeSchedule('every-minute', next)).toBe(true);
        expect(await s.store.getSchedule('every-minute')).toMatchObject({ paused: false, nextRunTime: next });
        expect(await s.store.fire([command])).toEqual([false]);
        expect((await s.stats()).counters.scheduled).toBe(0);
        await fire(s);
        expect((await s.stats()).counters.scheduled).toBe(1);
        expect(await s.store.pauseSchedule('unknown')).toBe(false);
        expect(await s.store.resumeSchedule('unknown', next)).toBe(false);
      }),
    );

    it(
      'refuses a tick that was decided before it was paused and resumed',
      withFixture(async (s) => {
        const { nextRunTime } = await put(s);
        const command = await tickOf(s);
        await s.store.pauseSchedule('every-minute');
        await s.store.resumeSchedule('every-minute', nextRunTime);
        expect(await s.store.fire([command])).toEqual([false]);
        expect(await s.store.fire([await tickOf(s)])).toEqual([true]);
      }),
    );

    it(
      'refuses a tick that was decided before it was removed and put again',
      withFixture(async (s) => {
        const { nextRunTime } = await put(s);
        const command = await tickOf(s);
        await s.store.removeSchedule('every-minute');
        s.clock.advance(1);
        await put(s, { taskId: 'plain', nextRunTime });
        expect(await s.store.fire([command])).toEqual([false]);
        expect(await s.store.fire([await tickOf(s)])).toEqual([true]);
        expect((await s.store.listExecutions({ taskId: 'plain' })).items).toHaveLength(1);
      }),
    );

    it(
      'is removed, and its executions are kept',
      withFixture(async (s) => {
        await put(s);
        const id = await fire(s);
        expect(await s.store.removeSchedule('every-minute')).toBe(true);
        expect(await s.store.removeSchedule('every-minute')).toBe(false);
        expect(await s.store.getSchedule('every-minute')).toBeNull();
        expect(await s.status(id)).toBe('PENDING');
      }),
    );

    it(
      'skips a tick if the command requests it',
      withFixture(async (s) => {
        await put(s);
        const id = await fire(s, 'allow', true);
        expect(await s.get(id)).toMatchObject({ status: 'SKIPPED', reason: 'MISFIRED', scheduleId: 'every-minute' });
        expect(s.transitions(id)).toEqual(['scheduled', 'skipped']);
        expect(await (await s.worker()).claim(9)).toEqual([]);
      }),
    );
  });
}
