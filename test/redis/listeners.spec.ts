import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Effect, ExecutionTransition } from '../../libs/scheduler/src/core/effects.js';
import { resolveRedisOptions } from '../../libs/scheduler/src/store/redis/connection/redis-options.js';
import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import type { TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import { edgeTo, helloOf, taskRecordOf, newExecution } from '../contract/fixtures.js';
import { Worker } from '../contract/worker.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

/** The execution events of one node, and a promise for a number of them. */
class Ear {
  readonly told: string[] = [];
  private wanted = Number.POSITIVE_INFINITY;
  private reached: () => void = () => undefined;

  constructor(store: TaskStore, wants: readonly ExecutionTransition[]) {
    store.subscribe(
      (effects) => this.hear(effects),
      (transition) => wants.includes(transition),
    );
  }

  async until(count: number): Promise<string[]> {
    if (this.told.length < count) {
      this.wanted = count;
      await new Promise<void>((resolve) => (this.reached = resolve));
    }
    return this.told.sort();
  }

  private hear(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'execution')
        this.told.push(`${effect.transition} ${effect.executionId} ${effect.workflowId}`);
    }
    if (this.told.length >= this.wanted) this.reached();
  }
}

describe('listeners on several nodes', () => {
  let server: RedisServer;
  let stores: RedisTaskStore[] = [];

  beforeAll(async () => {
    server = await startRedis();
  });

  afterAll(() => server.stop());

  const open = async (namespace: string): Promise<RedisTaskStore> => {
    const store = new RedisTaskStore({
      connection: resolveRedisOptions({ port: server.port }),
      ...{ namespace, lease: 15_000, maxAttemptDuration: 3_600_000, history: { count: 100, age: null, bytes: null } },
    });
    await store.open();
    stores.push(store);
    return store;
  };

  /** A simple execution and a workflow of two, run to their ends by a worker on this store. */
  const runAll = async (store: RedisTaskStore): Promise<string[]> => {
    await store.putTasks([taskRecordOf('plain')]);
    const plain = newExecution();
    const first = newExecution({ workflow: { workflowId: 'flow', ref: 'first' } });
    const second = newExecution({
      workflow: { workflowId: 'flow', ref: 'second' },
      edges: [edgeTo(first.executionId, 'success', { ref: 'first' })],
    });
    const nodes = [first, second].map(({ executionId, workflow }) => ({
      ...{ executionId, ref: workflow!.ref, taskId: 'plain' },
      dependsOn: executionId === second.executionId ? [{ ref: 'first', type: 'success' as const }] : [],
    }));
    await store.enqueue([plain]);
    await store.startWorkflow({ workflowId: 'flow', name: 'flow', nodes }, [first, second]);
    await store.register(helloOf('w1'));
    const worker = new Worker(store, 'w1');
    for (const each of [...(await worker.claim(2))]) await worker.complete(each, 1);
    await worker.complete(await worker.claimOne(second.executionId), 2);
    return [`${plain.executionId} null`, `${first.executionId} flow`, `${second.executionId} flow`];
  };
  const ends = (ids: string[]): string[] => ids.map((id) => `completed ${id}`).sort();

  it.each([
    ['only the worker', true, false],
    ['only another node', false, true],
    ['both', true, true],
  ])('receive each end once if %s listens', async (_, here, there) => {
    stores = [];
    const name = `listeners-${here}-${there}`;
    const [ours, theirs] = [await open(name), await open(name)];
    try {
      const near = new Ear(ours, here ? ['completed'] : []);
      const far = new Ear(theirs, there ? ['completed'] : []);
      // A read announces the subscriptions before anything happens.
      await Promise.all(stores.map((store) => store.stats()));
      const ids = await runAll(ours);
      if (here) expect(await near.until(3)).toEqual(ends(ids));
      if (there) expect(await far.until(3)).toEqual(ends(ids));
      // Both have received all events, since the last end is the last event.
      if (here) expect(near.told).toHaveLength(3);
      if (there) expect(far.told).toHaveLength(3);
    } finally {
      await Promise.all(stores.map((store) => store.close()));
    }
  });
});
