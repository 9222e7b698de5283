import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CronSchedule } from 'nestjs-advanced-scheduler';
import { Fleet, until, type AuditRow, type FleetNode, type NodeTask } from './fixtures/fleet.js';

const SCHEDULES = 500;
const SECONDS = 8;
/** Every how many seconds a schedule fires, in turn: many fall on the same instant. */
const EVERY = [1, 2, 3, 4, 5];
const LEASE_MS = 2000;

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
  it('fire each tick once and leave none out', async () => {
    const first = await fleet.join({ options, tasks });
    const begin = Math.ceil(Date.now() / 1000 + 3) * 1000;
    const end = begin + SECONDS * 1000;
    const expected = new Set<string>();
    for (let i = 0; i < SCHEDULES; i++) {
      const every = EVERY[i % EVERY.length]!;
      // All of them divide a minute, so that no step is cut short at its end.
      for (let time = begin; time <= end; time += 1000)
        if (new Date(time).getUTCSeconds() % every === 0) expected.add(`cron:s${i}:${time}`);
    }

    const runs: Tick[] = [];
    const follow = (node: FleetNode): void => node.on('tick', (tick: Tick) => runs.push(tick));
    const joins = async (): Promise<FleetNode> => {
      const node = await fleet.join({ options, tasks });
      follow(node);
      return node;
    };

    follow(first);
    const late = first.next('tick').then(joins);
    const [victim] = await Promise.all([
      joins(),
      ...Array.from({ length: SCHEDULES }, (_, i) => {
        const every = EVERY[i % EVERY.length]!;
        const schedule = { id: `s${i}`, startTime: begin, endTime: end, overlap: 'allow' };
        return first.scheduler(
          'scheduleCronTask',
          'tick',
          every === 1 ? '* * * * * *' : `*/${every} * * * * *`,
          schedule,
        );
      }),
    ]);
    await late;
    const over = first.next('tick', ({ scheduledTime }: Tick) => scheduledTime === end);
    await victim.next('tick');
    await victim.kill();
    await over;
    const schedules = (): Promise<CronSchedule[]> => first.scheduler('listCronTasks');
    await until(async () => (await schedules()).every(({ nextRunTime }) => nextRunTime === null));

    const metrics = await first.call('quiet');
    const rows = (await first.call('audit')) as AuditRow[];
    expect(rows.map(([id, , status]) => [id, status]).sort()).toEqual(
      [...expected].sort().map((id) => [id, 'COMPLETED']),
    );
    expect(metrics).toMatchObject({ scheduled: expected.size, completed: expected.size });
    // Each runs for its own tick, whoever runs it; again only where its first run was the victim's.
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
