import { afterEach, describe, expect, it } from '@jest/globals';
import type { Effect, ExecutionTransition } from '../../libs/scheduler/src/core/effects.js';
import { resolveRedisOptions } from '../../libs/scheduler/src/store/redis/connection/redis-options.js';
import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import type { RedisServer } from '../support/redis-server.js';
import { closeAll, closeLater, serve } from './fixtures.js';

afterEach(closeAll);

/** A node of one namespace, and the events that it has received. */
async function openNode({ port }: RedisServer) {
  const clock = new ManualClock();
  const store = new RedisTaskStore({
    connection: resolveRedisOptions({ port }),
    namespace: 'shared',
    lease: 15_000,
    maxAttemptDuration: 3_600_000,
    history: { count: 1000, age: null, bytes: null },
    testClock: clock,
  });
  await store.open();
  closeLater(() => store.close());
  const gaps: Effect[] = [];
  const listenTo = async (transition: ExecutionTransition): Promise<void> => {
    store.subscribe(
      (effects) => gaps.push(...effects.filter(({ kind }) => kind === 'missed')),
      (each) => each === transition,
    );
    // The other nodes learn of new subscriptions with the next command.
    await store.ping();
  };
  return { store, clock, gaps, listenTo };
}

describe('a node that others have forgotten', () => {
  it('detects that it may have missed events', async () => {
    const server = await serve();
    const [silent, other] = [await openNode(server), await openNode(server)];
    await silent.listenTo('started');
    await other.listenTo('started');
    await silent.listenTo('completed');
    expect(silent.gaps).toEqual([]);
    other.clock.advance(61_000);
    await other.listenTo('completed');
    await silent.listenTo('failed');
    // Each of its three listeners is notified.
    expect(silent.gaps).toHaveLength(3);
    await silent.listenTo('skipped');
    expect(silent.gaps).toHaveLength(3);
    expect(other.gaps).toEqual([]);
  });

  it('detects it after it lost its connection, too', async () => {
    const server = await serve();
    const node = await openNode(server);
    const told = new Promise<Effect>((resolve) => {
      node.store.subscribe((effects) => effects.filter(({ kind }) => kind === 'missed').forEach(resolve));
    });
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    expect(await told).toEqual({ kind: 'missed', time: expect.any(Number) });
  });
});
