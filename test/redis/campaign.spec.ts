import { afterEach, expect, it } from '@jest/globals';
import { settle, type Settlement } from '../../libs/scheduler/src/core/commands.js';
import type { TaskExecution } from '../../libs/scheduler/src/core/execution.js';
import { resolveRedisOptions } from '../../libs/scheduler/src/store/redis/connection/redis-options.js';
import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import type { Claim } from '../../libs/scheduler/src/store/records.js';
import type { ExchangeReply } from '../../libs/scheduler/src/store/task-store.js';
import { Random } from '../campaigns/fixtures/random.js';
import { helloOf, taskRecordOf, newExecution } from '../contract/fixtures.js';
import type { FaultProxy } from '../support/fault-proxy.js';
import { until } from '../support/until.js';
import { closeAll, closeLater, proxyTo, serve } from './fixtures.js';

afterEach(closeAll);

const FAULTS_MS = Number(process.env['CAMPAIGN_MS'] ?? 6000);
const SEED = Number(process.env['CAMPAIGN_SEED'] ?? 1);

async function open(port: number): Promise<RedisTaskStore> {
  const store = new RedisTaskStore({
    connection: resolveRedisOptions({ port }),
    namespace: 'campaign',
    lease: 3000,
    maxAttemptDuration: 3_600_000,
    history: { count: 1_000_000, age: null, bytes: null },
  });
  await store.open();
  closeLater(() => store.close());
  return store;
}

/** Runs until it is stopped: claims, settles its claims with the next exchange, and repeats unanswered requests. */
class TripLoop {
  isStopped = false;
  private held: Claim[] = [];

  constructor(
    private readonly store: RedisTaskStore,
    private readonly id: string,
  ) {}

  async run(): Promise<void> {
    await this.again(() => this.store.register(helloOf(this.id)));
    const beats = this.beat();
    for (let sequence = 1; !this.isStopped || this.held.length > 0; sequence++) {
      const settlements: Settlement[] = this.held.map((claim) => settle.complete(claim, null));
      const request = { workerId: this.id, pipeline: 0, sequence, settlements, demand: this.isStopped ? 0 : 20 };
      const reply: ExchangeReply = await this.again(() => this.store.exchange(request));
      if (!reply.known) await this.again(() => this.store.register(helloOf(this.id)));
      this.held = [...reply.claims];
    }
    await beats;
  }

  private async beat(): Promise<void> {
    while (!this.isStopped) {
      await this.store.heartbeat(this.id, this.held).catch(() => undefined);
      await this.store.rescue(100).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  private async again<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
}

/** One fault after the other, of every kind, until the time is over. */
async function disturb(proxies: readonly FaultProxy[], random: Random): Promise<void> {
  const end = performance.now() + FAULTS_MS;
  while (performance.now() < end) {
    const proxy = random.pick(proxies);
    const kind = random.below(5);
    if (kind === 0) proxy.cut();
    else if (kind === 1) proxy.killSilently();
    else if (kind === 2) proxy.stall();
    else if (kind === 3) proxy.refuse();
    else void proxy.dropReplyTo('fcall');
    await new Promise((resolve) => setTimeout(resolve, random.between(100, kind === 2 ? 3100 : 500)));
    proxy.heal();
  }
}

it('no acknowledged execution is lost, whatever the network does', async () => {
  const server = await serve();
  const proxies = [await proxyTo(server), await proxyTo(server), await proxyTo(server)];
  const [client, ...workers] = await Promise.all(proxies.map((proxy) => open(proxy.port)));
  await client!.putTasks([taskRecordOf('plain')]);
  const loops = workers.map((store, i) => new TripLoop(store, `w${i}`));
  const running = loops.map((loop) => loop.run());
  const acknowledged: string[] = [];
  let isOver = false;
  const schedule = async (): Promise<void> => {
    while (!isOver) {
      const batch = Array.from({ length: 1 + (acknowledged.length % 7) }, () => newExecution());
      acknowledged.push(...(await client!.enqueue(batch).catch(() => [])));
    }
  };
  const scheduling = Promise.all([schedule(), schedule(), schedule()]);
  await disturb(proxies, new Random(SEED));
  isOver = true;
  await scheduling;
  const look = await open(server.port);
  await until(async () => {
    const { PENDING, RUNNING } = (await look.stats()).byStatus;
    return PENDING + RUNNING === 0;
  });
  for (const loop of loops) loop.isStopped = true;
  await Promise.all(running);
  const found: (TaskExecution | null)[] = [];
  for (let from = 0; from < acknowledged.length; from += 100)
    found.push(...(await Promise.all(acknowledged.slice(from, from + 100).map((id) => look.getExecution(id)))));
  expect(acknowledged.length).toBeGreaterThan(50);
  expect(found.filter((execution) => execution?.status !== 'COMPLETED')).toEqual([]);
  const { byStatus, counters, setAside } = await look.stats();
  expect(setAside).toBe(0);
  expect(Number((await server.command('LLEN', '{campaign}:h')).slice(1))).toBe(byStatus.COMPLETED);
  expect(counters.completed).toBe(byStatus.COMPLETED);
}, 120_000);
