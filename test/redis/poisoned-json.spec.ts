import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { closeApps, gate, startApp } from '../support/app.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

let server: RedisServer;
let redis: Redis;
beforeEach(async () => {
  server = await startRedis();
  redis = new Redis(server.port);
});
afterEach(async () => {
  await closeApps();
  redis.disconnect();
  await server.stop();
});

/** Values of other types than a field's. `undefined`: the field is missing. */
const VALUES = ['x', 7, -1, {}, [5], [{}], true, undefined];
const HEALTHY = ['first', 'second', 'third'];
const TICKS = 4;
/** More than the ticker looks at together. */
const MANY = 250;

/** An app that notes ticks until each of the healthy schedules has some. */
async function ticking() {
  const ticks = new Map<string, number[]>();
  const enough = gate();
  const { scheduler } = await startApp(
    {
      t: (payload: { of: string }, { scheduledTime }) => {
        const times = ticks.get(payload.of) ?? [];
        ticks.set(payload.of, [...times, scheduledTime.getTime()]);
        if (HEALTHY.every((id) => (ticks.get(id)?.length ?? 0) >= TICKS)) enough.open();
      },
    },
    { store: { type: 'redis', port: server.port } },
  );
  const put = (id: string) =>
    scheduler.scheduleCronTask('t', '* * * * * *', { id, payload: { of: id }, overlap: 'allow' });
  await put('model');
  const [key] = await redis.keys('*:sc');
  const model = JSON.parse((await redis.hget(key!, 'model'))!) as Record<string, unknown>;
  return {
    scheduler,
    names: Object.keys(model).filter((name) => name !== 'id'),
    /** Stores a copy of a schedule with another value in a field. */
    async damage(id: string, name: string, value: unknown): Promise<void> {
      await redis.hset(key!, id, JSON.stringify({ ...model, id, [name]: value }));
      await redis.zadd(key!.replace(/sc$/, 'sd'), model['nextRunTime'] as number, id);
    },
    async expectTicks(): Promise<void> {
      for (const id of HEALTHY) await put(id);
      await enough.opened;
      for (const id of HEALTHY) {
        const gaps = ticks.get(id)!.map((time, i, times) => (i === 0 ? 1000 : time - times[i - 1]!));
        expect([id, ...new Set(gaps)]).toEqual([id, 1000]);
      }
    },
  };
}

it('schedules whose stored fields have any other type do not stop the others', async () => {
  const { scheduler, names, damage, expectTicks } = await ticking();
  for (const name of names) for (const [i, value] of VALUES.entries()) await damage(`${name}-${i}`, name, value);
  await expectTicks();
  expect((await scheduler.listCronTasks()).map(({ id }) => id)).toEqual(expect.arrayContaining(HEALTHY));
  const { status, problems } = await scheduler.getHealthStatus();
  expect([status, problems.join()]).toEqual(['degraded', expect.stringContaining('were set aside')]);
});

it('very many schedules whose ticks cannot be computed do not stop the others, and are logged once each', async () => {
  const logged = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
  try {
    const { damage, expectTicks } = await ticking();
    for (let i = 0; i < MANY; i++) await damage(`lost-${i}`, 'timezone', 'Nowhere/City');
    await expectTicks();
    const lines = logged.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('could not fire'));
    expect(lines.length).toBe(MANY);
  } finally {
    logged.mockRestore();
  }
});

it('a workflow whose stored nodes have any other type is listed beside the others', async () => {
  const { scheduler } = await startApp({ t: () => 1 }, { store: { type: 'redis', port: server.port } });
  const damaged = await scheduler.runWorkflow({ name: 'Damaged', tasks: [{ taskId: 't' }] });
  const healthy = await scheduler.runWorkflow({ name: 'Healthy', tasks: [{ taskId: 't' }] });
  const [key] = await redis.keys('*:wf');
  const text = (await redis.hget(key!, damaged.workflowId))!;
  for (const nodes of VALUES) {
    const record = text.slice(0, text.indexOf('{')) + JSON.stringify({ name: 'Damaged', nodes });
    await redis.hset(key!, damaged.workflowId, record);
    const { items } = await scheduler.listWorkflows();
    expect(items.map(({ workflowId, name }) => [workflowId, name])).toEqual([
      [healthy.workflowId, 'Healthy'],
      [damaged.workflowId, 'unreadable'],
    ]);
    expect(await scheduler.getWorkflow(damaged.workflowId)).toMatchObject({ name: 'unreadable', nodes: [] });
  }
});
