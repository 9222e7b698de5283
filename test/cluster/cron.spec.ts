import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventEmitter, on } from 'node:events';
import type { CronSchedule } from 'nestjs-advanced-scheduler';
import { until } from '../support/until.js';
import { Fleet, type AuditRow, type FleetNode, type NodeTask } from './fixtures/fleet.js';

const SCHEDULES = 500;
const SECONDS = 8;
/** Intervals of the schedules in seconds, in turn: many fire at the same instant. */
const EVERY = [1, 2, 3, 4, 5];
const LEASE_MS = 5000;

interface Tick {
  executionId: string;
  scheduledTime: number;
  pid: number;
  at: number;
}

const tasks: NodeTask[] = [{ taskId: 'tick', handler: 'tick' }];
const options = { lease: LEASE_MS, history: 10_000, maxConcurrentTasks: 50 };

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start('cron');
});
afterAll(() => fleet?.close());

describe('three nodes and 500 schedules, one node late and one killed', () => {
  it('fire each tick once and skip none', async () => {
    const runs: Tick[] = [];
    const ticks = new EventEmitter();
    const joins = async (autoStart: boolean): Promise<FleetNode> => {
      const node = await fleet.join({ options: { ...options, autoStart }, tasks });
      node.on('tick', (tick: Tick) => {
        runs.push(tick);
        ticks.emit('tick', tick);
      });
      return node;
    };
    const hasRun = async (fits: (tick: Tick) => boolean): Promise<void> => {
      for await (const [tick] of on(ticks, 'tick') as AsyncIterable<[Tick]>) if (fits(tick)) return;
    };
    // The late one starts late, but has booted before: a busy machine may need longer for that than the ticks last.
    const [first, victim, late] = await Promise.all([joins(true), joins(true), joins(false)]);
    const begin = Math.ceil(Date.now() / 1000 + 4) * 1000;
    const end = begin + SECONDS * 1000;
    const expected = new Set<string>();
    for (let i = 0; i < SCHEDULES; i++) {
      const every = EVERY[i % EVERY.length]!;
      // All of them divide a minute, so all steps are equal.
      for (let time = begin; time <= end; time += 1000)
        if (new Date(time).getUTCSeconds() % every === 0) expected.add(`cron:s${i}:${time}`);
    }

    const over = hasRun(({ scheduledTime }) => scheduledTime === end);
    const started = hasRun(() => true).then(() => late.scheduler('start'));
    const killed = hasRun(({ pid }) => pid === victim.pid).then(() => victim.kill());
    await Promise.all(
      Array.from({ length: SCHEDULES }, (_, i) => {
        const every = EVERY[i % EVERY.length]!;
        const cron = every === 1 ? '* * * * * *' : `*/${every} * * * * *`;
        const schedule = { id: `s${i}`, startTime: begin, endTime: end, overlap: 'allow' };
        return first.scheduler('scheduleCronTask', 'tick', cron, schedule);
      }),
    );
    await Promise.all([started, killed, over]);
    const schedules = (): Promise<CronSchedule[]> => first.scheduler('listCronTasks');
    await until(async () => (await schedules()).every(({ nextRunTime }) => nextRunTime === null));

    const metrics = await first.call('quiet');
    const rows = (await first.call('audit')) as AuditRow[];
    expect(rows.map(([id, , status]) => [id, status]).sort()).toEqual(
      [...expected].sort().map((id) => [id, 'COMPLETED']),
    );
    expect(metrics).toMatchObject({ scheduled: expected.size, completed: expected.size });
    // Each runs for its own tick, on any node; again only if its first run was the victim's.
    expect(runs.filter(({ executionId, scheduledTime }) => !executionId.endsWith(`:${scheduledTime}`))).toEqual([]);
    const byPid = (pid: number): Tick[] => runs.filter((run) => run.pid === pid);
    const others = runs.filter(({ pid }) => pid !== victim.pid).map(({ executionId }) => executionId);
    expect(new Set(others).size).toBe(others.length);
    expect(fleet.nodes.map(({ pid }) => byPid(pid).length > 0)).toEqual([true, true, true]);
    const lateness = runs.map(({ at, scheduledTime }) => at - scheduledTime).sort((a, b) => a - b);
    process.stdout.write(
      `${expected.size} ticks, ${runs.length} runs, ${metrics.crashed} lost; ` +
        `late by ${lateness[lateness.length >> 1]} ms (median), ${lateness.at(-1)} ms at most\n`,
    );
  });
});
