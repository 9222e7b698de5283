import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { resolveRedisOptions } from '../../libs/scheduler/src/store/redis/connection/redis-options.js';
import { lockOn, newExecution } from '../contract/fixtures.js';
import { buildModules } from '../support/built-library.js';
import type { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { closeAll, closeLater, serve } from '../redis/fixtures.js';

const LEASE = 2_000;
const LOCK = 'lock';

let library: ReturnType<typeof buildModules>;

beforeAll(() => {
  library = buildModules('renewal-thread');
});
afterEach(closeAll);
afterAll(() => library.remove());

interface Standing {
  standFor: number;
  keepAlive?: boolean;
  stallLimit?: number;
  /** The store uses a client of the user. */
  client?: boolean;
}

function start(program: string, ...args: string[]): ChildProcess {
  const path = fileURLToPath(new URL(`./programs/${program}`, import.meta.url));
  const child = fork(path, [library.index, ...args], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  closeLater(async () => void child.kill('SIGKILL'));
  return child;
}

/** The next message of a process. */
function heard(child: ChildProcess): Promise<any> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`it ended with ${code} and without a word`)));
  });
}

/** A worker in a separate process that has claimed a run with a lock and then blocks; and another node. */
async function stand(server: RedisServer, { standFor, keepAlive = true, ...more }: Standing) {
  const observer = new RedisTaskStore({
    connection: resolveRedisOptions({ url: server.url }),
    namespace: 'beat',
    lease: LEASE,
    maxAttemptDuration: 3_600_000,
    history: { count: 1000, age: null, bytes: null },
  });
  await observer.open();
  closeLater(() => observer.close());
  const execution = newExecution({ taskId: 't', lock: lockOn(LOCK, null, LEASE) });
  await observer.enqueue([execution]);
  const settings = { url: server.url, namespace: 'beat', lease: LEASE, standFor, keepAlive, ...more };
  const child = start('standing-worker.mjs', JSON.stringify(settings));
  expect(await heard(child)).toEqual({ claimed: 1 });
  let stands = true;
  const moved = heard(child).finally(() => (stands = false)) as Promise<{ settled: string[] }>;
  // A test may end while it is blocked.
  moved.catch(() => undefined);
  /** What the other nodes of a fleet do all the time. @returns runs brought back while the worker stood still */
  const lookAfter = async (): Promise<number> => {
    let rescued = 0;
    await until(async () => {
      rescued += (await observer.rescue(10)).done;
      await observer.promote(10);
      return !stands;
    });
    return rescued;
  };
  return { observer, child, moved, lookAfter, id: execution.executionId };
}

describe('a worker whose event loop is blocked', () => {
  it.each([
    ['by a url', false],
    ['like a client of the user', true],
  ])('for two leases keeps its run and its lock, and its result counts; connected %s', async (_, client) => {
    const { observer, moved, lookAfter, id } = await stand(await serve(), { standFor: 2 * LEASE, client });
    const { fencingToken } = (await observer.getLock(LOCK))!;
    expect(await lookAfter()).toBe(0);
    expect(await observer.getLock(LOCK)).toBeNull();
    expect(await moved).toEqual({ settled: ['applied'] });
    expect(await observer.getExecution(id)).toMatchObject({ status: 'COMPLETED', result: 'done' });
    expect(fencingToken).toBe(1);
  });

  it('loses them without a heartbeat thread', async () => {
    const { moved, lookAfter } = await stand(await serve(), { standFor: 2 * LEASE, keepAlive: false });
    expect(await lookAfter()).toBe(1);
    expect(await moved).toEqual({ settled: ['stale'] });
  });

  it('loses them if it is blocked for longer than the limit', async () => {
    const { moved, lookAfter } = await stand(await serve(), { standFor: 3 * LEASE, stallLimit: LEASE / 4 });
    expect(await lookAfter()).toBe(1);
    expect(await moved).toEqual({ settled: ['stale'] });
  });

  it('keeps them through a restart of the server', async () => {
    const server = await serve({ args: ['--appendonly', 'yes'] });
    const { moved, lookAfter } = await stand(server, { standFor: 3 * LEASE });
    await server.restart();
    expect(await lookAfter()).toBe(0);
    expect(await moved).toEqual({ settled: ['applied'] });
  });

  it('gets no direct dispatch meanwhile', async () => {
    const server = await serve();
    const { observer } = await stand(server, { standFor: 2 * LEASE });
    await server.command('HSET', '{beat}:wi', 'standing', '1');
    await until(async () => (await server.command('HEXISTS', '{beat}:wi', 'standing')) === ':0');
    expect((await observer.listWorkers()).map(({ workerId }) => workerId)).toEqual(['standing']);
  });
});

describe('the thread', () => {
  it('ends within a second if the server does not respond, and leaves nothing open', async () => {
    const server = await serve();
    const { child, moved } = await stand(server, { standFor: 1 });
    await moved;
    server.freeze();
    child.send('close');
    const { closedIn, left } = (await heard(child)) as { closedIn: number; left: string[] };
    server.thaw();
    expect(closedIn).toBeLessThan(1_500);
    expect(left.filter((type) => /TCP|Timeout|MessagePort|Worker/.test(type))).toEqual([]);
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
  });

  it('does not keep a process alive', async () => {
    const child = start('lonely-thread.mjs', (await serve()).url);
    child.disconnect();
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
  });
});
