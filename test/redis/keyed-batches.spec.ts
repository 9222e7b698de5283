import { describe, expect, it } from '@jest/globals';
import type { NewExecution } from '../../libs/scheduler/src/core/commands.js';
import { IdempotencyConflictError, UnknownDependencyError } from '../../libs/scheduler/src/core/errors.js';
import { IDEMPOTENCY_MS, PROMOTE_PER_STEP } from '../../libs/scheduler/src/core/limits.js';
import { RedisTaskStore } from '../../libs/scheduler/src/store/redis/redis.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { DAY, edgeTo, newExecution } from '../contract/fixtures.js';
import { StoreFixture, steps } from '../contract/store-fixture.js';
import { redisSuite } from './suites.js';

class Killed extends Error {}

/** A store that calls a hook before it first sends a script of this name. */
class InterruptedStore extends RedisTaskStore {
  before: Record<string, () => Promise<void>> = {};

  protected override async commit<T>(script: string, ...args: string[]): Promise<T> {
    await this.interrupt(script);
    return super.commit<T>(script, ...args);
  }

  protected override async commitRepeatable<T>(script: string, ...args: string[]): Promise<T> {
    await this.interrupt(script);
    return super.commitRepeatable<T>(script, ...args);
  }

  private async interrupt(script: string): Promise<void> {
    const happens = this.before[script];
    delete this.before[script];
    await happens?.();
  }
}

const die = () => Promise.reject(new Killed());
/** More than one part and one insert step hold. */
const MANY = 230;

const keyed = (i: number, more: Partial<NewExecution> = {}): NewExecution =>
  newExecution({ idempotency: { key: `order ${i}`, fingerprint: 'body' }, ...more });
const batchOf = (count: number): NewExecution[] => Array.from({ length: count }, (_, i) => keyed(i));
const idsOf = (batch: readonly NewExecution[]): string[] => batch.map((each) => each.executionId);

describe('a batch of idempotency keys too large for one script', () => {
  const redis = redisSuite();
  let namespaces = 0;

  const setUp = async () => {
    const namespace = `keyed${++namespaces}`;
    const clock = new ManualClock();
    const open = () => redis.open(new InterruptedStore({ ...redis.settings(namespace, clock), insertsPerCall: 50 }));
    const [store, other] = [await open(), await open()];
    const keys = (pattern: string) => redis.keysOf(namespace, pattern);
    const expectNothingOver = async (): Promise<void> => {
      expect(await keys('i[nhk]*')).toBe('*0');
      expect(await keys('ac')).toBe('*0');
      expect(await redis.command('HEXISTS', `{${namespace}}:m`, 'keyed')).toMatch(':0');
    };
    const s = new StoreFixture(other, clock);
    const pending = async () => (await s.stats()).byStatus.PENDING;
    return { s, store, other, clock, pending, expectNothingOver };
  };

  it('returns the ids of the first ones, in the store and in the batch', async () => {
    const { s, store, pending, expectNothingOver } = await setUp();
    const earlier = await s.add(keyed(7));
    const batch = [...batchOf(MANY), newExecution(), keyed(100), keyed(7)];
    const ids = await store.enqueue(batch);
    const expected = idsOf(batch);
    expected[7] = expected[MANY + 2] = earlier;
    expected[MANY + 1] = expected[100]!;
    expect(ids).toEqual(expected);
    expect(await pending()).toBe(MANY + 1);
    await expectNothingOver();
    expect(await store.enqueue(batchOf(MANY))).toEqual(ids.slice(0, MANY));
    expect(await s.add(keyed(229))).toBe(ids[229]);
    s.clock.advance(IDEMPOTENCY_MS);
    const anew = batchOf(MANY);
    expect(await store.enqueue(anew)).toEqual(idsOf(anew));
  });

  it.each<[string, (batch: NewExecution[]) => void, new (...args: never[]) => Error]>([
    [
      'another body in the store',
      (batch) => (batch[200] = keyed(1000, { idempotency: { key: 'taken', fingerprint: 'b' } })),
      IdempotencyConflictError,
    ],
    [
      'another body in the batch',
      (batch) => (batch[200] = keyed(0, { idempotency: { key: 'order 3', fingerprint: 'b' } })),
      IdempotencyConflictError,
    ],
    [
      'an unknown dependency',
      (batch) => (batch[229] = keyed(229, { edges: [edgeTo('none')] })),
      UnknownDependencyError,
    ],
    [
      'a dependency on one that is a repeat',
      (batch) => {
        const repeat = keyed(3);
        batch.push(repeat, keyed(1000, { edges: [edgeTo(repeat.executionId)] }));
      },
      UnknownDependencyError,
    ],
  ])('is refused as a whole, and its keys stay free: %s', async (_, spoil, error) => {
    const { s, store, pending, expectNothingOver } = await setUp();
    await s.add({ idempotency: { key: 'taken', fingerprint: 'a' } });
    const batch = batchOf(MANY);
    spoil(batch);
    await expect(store.enqueue(batch)).rejects.toBeInstanceOf(error);
    expect(await pending()).toBe(1);
    const again = batchOf(MANY);
    expect(await store.enqueue(again)).toEqual(idsOf(again));
    await steps(() => store.prune(PROMOTE_PER_STEP));
    await expectNothingOver();
  });

  it('is not stored, and its keys are free, if its node is killed before the commit', async () => {
    const { s, store, other, clock, pending, expectNothingOver } = await setUp();
    store.before['commitBatch'] = die;
    await expect(store.enqueue(batchOf(MANY))).rejects.toThrow(Killed);
    expect(await pending()).toBe(0);
    const [first, ...rest] = batchOf(MANY);
    expect(await s.add(first)).toBe(first!.executionId);
    expect(await other.enqueue(rest)).toEqual(idsOf(rest));
    clock.advance(DAY);
    await steps(() => other.prune(PROMOTE_PER_STEP));
    await expectNothingOver();
  });

  it('owns its keys from its commit on, whichever node inserts it', async () => {
    const { s, store, other, pending, expectNothingOver } = await setUp();
    store.before['insertBatch'] = die;
    const batch = batchOf(MANY);
    expect(await store.enqueue(batch)).toEqual(idsOf(batch));
    expect(await pending()).toBe(0);
    expect(await s.add(keyed(229))).toBe(batch[229]!.executionId);
    const another = keyed(0, { idempotency: { key: 'order 228', fingerprint: 'another' } });
    await expect(s.add(another)).rejects.toBeInstanceOf(IdempotencyConflictError);
    expect(await other.enqueue(batchOf(MANY))).toEqual(idsOf(batch));
    await steps(() => other.promote(PROMOTE_PER_STEP));
    expect(await pending()).toBe(MANY);
    await expectNothingOver();
    expect(await other.enqueue(batchOf(MANY))).toEqual(idsOf(batch));
  });

  it.each([
    ['staged', 'stageBatch'],
    ['committed', 'commitBatch'],
  ])('finds a key that another execution took before it is %s', async (_, script) => {
    const { s, store, pending, expectNothingOver } = await setUp();
    const [one, batch] = [keyed(100), batchOf(MANY)];
    store.before[script] = async () => void (await s.add(one));
    const ids = await store.enqueue(batch);
    expect(ids).toEqual(idsOf(batch).with(100, one.executionId));
    expect(await pending()).toBe(MANY);
    await steps(() => store.prune(PROMOTE_PER_STEP));
    await expectNothingOver();
  });

  it('is refused if a key was taken meanwhile with another body', async () => {
    const { s, store, pending } = await setUp();
    store.before['commitBatch'] = async () =>
      void (await s.add({ idempotency: { key: 'order 100', fingerprint: 'another' } }));
    await expect(store.enqueue(batchOf(MANY))).rejects.toBeInstanceOf(IdempotencyConflictError);
    expect(await pending()).toBe(1);
  });

  it.each(['stageBatch', 'commitBatch'])(
    'finds keys that another large batch took before it sends %s, even while that one is not inserted yet',
    async (script) => {
      const { store, other, pending, expectNothingOver } = await setUp();
      const [first, second] = [batchOf(MANY), batchOf(MANY + 200).slice(100)];
      other.before['insertBatch'] = die;
      store.before[script] = async () => void (await other.enqueue(first));
      const ids = await store.enqueue(second);
      expect(ids).toEqual([...idsOf(first).slice(100), ...idsOf(second).slice(130)]);
      expect(await pending()).toBe(MANY + 200);
      await steps(() => store.prune(PROMOTE_PER_STEP));
      await expectNothingOver();
    },
  );

  it('waits for another batch and helps to insert it, if both have other keys', async () => {
    const { store, other, pending, expectNothingOver } = await setUp();
    const [first, second] = [batchOf(MANY), batchOf(2 * MANY).slice(MANY)];
    other.before['insertBatch'] = die;
    store.before['commitBatch'] = async () => void (await other.enqueue(first));
    expect(await store.enqueue(second)).toEqual(idsOf(second));
    expect(await pending()).toBe(2 * MANY);
    await expectNothingOver();
  });

  it('is stored once if many nodes send it at once', async () => {
    const { store, other, pending } = await setUp();
    const answers = await Promise.all([0, 1, 2, 3].map((i) => (i % 2 ? store : other).enqueue(batchOf(MANY))));
    for (const ids of answers) expect(ids).toEqual(answers[0]);
    expect(new Set(answers[0]).size).toBe(MANY);
    expect(await pending()).toBe(MANY);
  });
});
