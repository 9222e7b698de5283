import { afterEach, describe, expect, it } from '@jest/globals';
import { StoreUnavailableError } from '../../libs/scheduler/src/core/errors.js';
import type { RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { calls, closeAll, connect, FastClock, rejection, ROOT, serve } from './fixtures.js';

afterEach(closeAll);

describe('Sentinel', () => {
  it('names the primary, and after a failover the new one; calls wait meanwhile', async () => {
    const [primary, replica] = [await serve(), await serve()];
    await replica.command('REPLICAOF', '127.0.0.1', `${primary.port}`);
    await until(async () => (await primary.command('INFO', 'replication')).includes('state=online'));
    const sentinel = await serve({
      sentinel: [
        `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
        'sentinel down-after-milliseconds main 300',
        'sentinel failover-timeout main 2000',
      ],
    });
    await until(async () => (await sentinel.command('SENTINEL', 'REPLICAS', 'main')).includes(`${replica.port}`));
    const sentinels = [{ host: '127.0.0.1', port: sentinel.port }];
    const { redis } = await connect({ sentinels, sentinelName: 'main' });
    const [heard, gaps] = [calls<string>(), calls<void>()];
    await redis.subscribe(
      ['{test}:a'],
      (_, message) => heard.call(message),
      () => gaps.call(),
    );
    expect(await redis.run('once', ROOT, ['a'])).toBe(1);
    await until(async () => (await replica.command('EXISTS', '{test}:count')) === ':1');
    await primary.kill();
    expect(await redis.run('once', ROOT, ['b'])).toBe(2);
    expect(await replica.command('GET', '{test}:count')).toContain('2');
    // It was replicated with the data.
    const stats = await replica.command('INFO', 'commandstats');
    expect(stats).toContain('cmdstat_fcall:');
    expect(stats).not.toMatch(/cmdstat_eval/);
    await gaps.next();
    await replica.command('PUBLISH', '{test}:a', 'x');
    expect(await heard.next()).toBe('x');
  });

  it('that does not know the name, or is unreachable, is reported as unavailable', async () => {
    const sentinel = await serve({ sentinel: [] });
    const sentinels = [{ host: '127.0.0.1', port: sentinel.port }];
    const clock = new FastClock();
    const unknown = await rejection(connect({ sentinels, sentinelName: 'other' }, { clock }));
    expect(unknown).toBeInstanceOf(StoreUnavailableError);
    await sentinel.kill();
    const gone = await rejection(connect({ sentinels, sentinelName: 'other' }, { clock }));
    expect(gone).toBeInstanceOf(StoreUnavailableError);
    expect(gone.message).toContain('sentinels are unreachable');
  });
});

describe('a cluster', () => {
  const line = (reply: string): string => reply.split('\r\n').at(-1)!;
  const options = (server: RedisServer) => ({ cluster: [{ host: '127.0.0.1', port: server.port }] });

  /** Two nodes: the first with all slots, the second with none. */
  async function serveTwo() {
    const [one, two] = await Promise.all([serve({ cluster: true }), serve({ cluster: true, slots: 'none' })]);
    await one.command('CLUSTER', 'MEET', '127.0.0.1', `${two.port}`, `${two.busPort}`);
    for (const node of [one, two]) {
      await until(async () => (await node.command('CLUSTER', 'INFO')).includes('cluster_state:ok'));
      await until(async () => (await node.command('CLUSTER', 'INFO')).includes('cluster_known_nodes:2'));
    }
    const slot = (await one.command('CLUSTER', 'KEYSLOT', ROOT)).slice(1);
    const [oneId, twoId] = [line(await one.command('CLUSTER', 'MYID')), line(await two.command('CLUSTER', 'MYID'))];
    return { one, two, slot, oneId, twoId };
  }

  it('is used through its slots, and subscribed by sharded messages', async () => {
    const server = await serve({ cluster: true });
    const { redis } = await connect(options(server));
    expect(redis.sharded).toBe(true);
    expect(await redis.run('once', ROOT, ['a'])).toBe(1);
    const [heard, gaps] = [calls<string>(), calls<void>()];
    await redis.subscribe(
      ['{test}:a', '{test}:b'],
      (channel, message) => heard.call(channel + message),
      () => gaps.call(),
    );
    expect(await server.command('SPUBLISH', '{test}:b', '1')).toBe(':1');
    expect(await heard.next()).toBe('{test}:b1');
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await gaps.next();
    await server.command('SPUBLISH', '{test}:a', '2');
    expect(await heard.next()).toBe('{test}:a2');
  });

  it('is found again after it was down', async () => {
    const server = await serve({ cluster: true });
    const { redis } = await connect(options(server));
    await redis.run('count', ROOT, []);
    await server.kill();
    const waiting = redis.run('once', ROOT, ['a']);
    await server.start();
    expect(await waiting).toBe(1);
  });

  it('whose primary dies continues with the replica that is elected; calls wait meanwhile', async () => {
    const args = ['--cluster-node-timeout', '1000'];
    const [one, ...others] = await Promise.all([
      serve({ cluster: true, args }),
      ...Array.from({ length: 3 }, () => serve({ cluster: true, slots: 'none', args })),
    ]);
    const [two, three, replica] = others as [RedisServer, RedisServer, RedisServer];
    const nodes = [one, two, three, replica];
    for (const node of others) await one.command('CLUSTER', 'MEET', '127.0.0.1', `${node.port}`, `${node.busPort}`);
    const knows = async (node: RedisServer, what: string) => (await node.command('CLUSTER', 'INFO')).includes(what);
    for (const node of nodes) await until(() => knows(node, 'cluster_known_nodes:4'));
    const idOf = async (node: RedisServer) => line(await node.command('CLUSTER', 'MYID'));
    // Only nodes with a slot can vote.
    for (const [slot, owner] of [two, three].entries()) {
      const id = await idOf(owner);
      for (const node of [owner, one]) await node.command('CLUSTER', 'SETSLOT', `${slot}`, 'NODE', id);
    }
    for (const node of nodes) await until(() => knows(node, 'cluster_size:3'));
    expect(await replica.command('CLUSTER', 'REPLICATE', await idOf(one))).toBe('+OK');
    await until(async () => (await replica.command('INFO', 'replication')).includes('master_link_status:up'));

    const { redis } = await connect({ cluster: [one, two].map(({ port }) => ({ host: '127.0.0.1', port })) });
    expect(await redis.run('once', ROOT, ['a'])).toBe(1);
    // Both keys of the script have reached the replica.
    await until(async () => (await replica.command('DBSIZE')) === ':2');
    await one.kill();
    expect(await redis.run('once', ROOT, ['b'])).toBe(2);
    expect(await redis.run('once', ROOT, ['a'])).toBe(1);
    expect(await replica.command('ROLE')).toContain('master');
  });

  it('that migrates the slot: neither node executes calls until the migration is complete', async () => {
    const { one, two, slot, oneId, twoId } = await serveTwo();
    const { redis } = await connect(options(one));
    const [heard, gaps] = [calls<string>(), calls<void>()];
    await redis.subscribe(
      ['{test}:a'],
      (_, message) => heard.call(message),
      () => gaps.call(),
    );
    expect(await redis.run('once', ROOT, ['a'])).toBe(1);
    const impatient = await connect(options(one), { clock: new FastClock() });

    await two.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', oneId);
    await one.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', twoId);
    const waiting = redis.run('once', ROOT, ['b']);
    expect(await rejection(impatient.redis.run('once', ROOT, ['c']))).toBeInstanceOf(StoreUnavailableError);
    expect(await two.command('DBSIZE')).toBe(':0');
    for (const key of ['count', 'replies'].map((name) => ROOT + name))
      expect(await one.command('MIGRATE', '127.0.0.1', `${two.port}`, key, '0', '5000')).toBe('+OK');
    for (const node of [two, one]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', twoId);
    expect(await waiting).toBe(2);
    expect(await redis.run('once', ROOT, ['a'])).toBe(1);
    // The node that has the slot now did not have the library.
    expect(await two.command('FUNCTION', 'LIST')).toContain('scheduler_test');
    expect(await two.command('INFO', 'commandstats')).not.toMatch(/cmdstat_eval/);

    await gaps.next();
    await until(async () => (await two.command('SPUBLISH', '{test}:a', 'moved')) === ':1');
    expect(await heard.next()).toBe('moved');
  });
});
