import { describe, expect, it } from '@jest/globals';
import { settle, type NewExecution, type NewWorkflow } from '../../libs/scheduler/src/core/commands.js';
import type { DependencyType } from '../../libs/scheduler/src/core/dependency.js';
import { BOOM, edgeTo, LEASE, lockOn, newExecution, nextId } from '../contract/fixtures.js';
import type { StoreFixture } from '../contract/store-fixture.js';
import { fixtureSuite, type Redis } from './fixture-suite.js';

const play = fixtureSuite();

/** A workflow `w`. @param upstreams of each node: nodes before it, with the type of the edge */
function workflowOf<Ref extends string>(
  upstreams: Record<Ref, readonly (readonly [NoInfer<Ref>, DependencyType?])[]>,
): { ids: Record<Ref, string>; workflow: NewWorkflow; members: NewExecution[] } {
  const refs = Object.keys(upstreams) as Ref[];
  const ids = Object.fromEntries(refs.map((ref) => [ref, nextId()])) as Record<Ref, string>;
  const members = refs.map((ref) =>
    newExecution({
      executionId: ids[ref],
      workflow: { workflowId: 'w', ref },
      edges: upstreams[ref].map(([to, type]) => edgeTo(ids[to], type, { ref: to })),
    }),
  );
  const nodes = refs.map((ref) => ({ ref, executionId: ids[ref], taskId: 'plain', dependsOn: [] }));
  return { ids, workflow: { workflowId: 'w', name: 'w', nodes }, members };
}

/** Ways in which the stored data of an execution may be wrong. */
const SPOILS: [string, (redis: Redis, id: string) => Promise<unknown>][] = [
  ['a state of garbage', (redis, id) => redis('HSET', 's', id, '\u0001garbage')],
  ['a record of garbage', (redis, id) => redis('HSET', 'x', id, 'garbage')],
  ['no record', (redis, id) => redis('HDEL', 'x', id)],
];

describe.each(SPOILS)('dependents of an execution with %s', (kind, spoil) => {
  it.each([
    ['runs', 0],
    ['is ready', 0],
    ['is delayed', 1000],
  ] as const)('are decided as after a failure if that execution %s', (where, delay) =>
    play(async (s, redis) => {
      // Executions that have left the list and history leave an entry without a record in the ready list.
      if (where === 'is ready' && kind === 'no record') return;
      const upstream = await s.add({ taskId: 'parent', delay });
      const edges = (['success', 'failure', 'completion', 'always'] as const).map((type) => edgeTo(upstream, type));
      const [onSuccess, ...others] = edges.map((edge) => newExecution({ taskId: 'child', edges: [edge] }));
      await s.store.enqueue([onSuccess!, ...others]);
      const behind = await s.add({ taskId: 'child', edges: [edgeTo(onSuccess!.executionId)] });
      if (where === 'runs') await (await s.worker('w1')).claimOne(upstream);
      await spoil(redis, upstream);
      s.clock.advance(LEASE + 1);
      await s.rescue();
      const worker = await s.worker('w2');
      const early = await worker.claimIds(9);
      await s.maintain();
      const ids = others.map(({ executionId }) => executionId);
      expect([...early, ...(await worker.claimIds(9))].sort()).toEqual(ids.sort());
      expect(await s.get(onSuccess!.executionId)).toMatchObject({ status: 'SKIPPED', reason: 'DEPENDENCY_FAILED' });
      expect(await s.status(behind)).toBe('SKIPPED');
      expect((await s.stats()).byStatus).toMatchObject({ PENDING: 0, RUNNING: 3, SKIPPED: 2 });
      expect(await redis('HEXISTS', 'm', 'orphans')).toBe(':0');
    }),
  );

  it('are found if they have many other edges, and among many executions', () =>
    play(async (s, redis) => {
      const sound = await s.add({ taskId: 'uncle' });
      const lost = await s.add({ taskId: 'parent', delay: 1000 });
      await s.addMany(700, { delay: 3_600_000 });
      const many = Array.from({ length: 250 }, () => edgeTo(sound, 'always'));
      const dependents = Array.from({ length: 12 }, () =>
        newExecution({ taskId: 'child', edges: [...many, edgeTo(lost, 'failure'), ...many] }),
      );
      for (const each of dependents) await s.store.enqueue([each]);
      await spoil(redis, lost);
      await s.advance(1000);
      await s.maintain();
      const worker = await s.worker();
      await worker.complete(await worker.claimOne(sound));
      await s.maintain();
      expect((await worker.claimIds(20)).length).toBe(12);
    }));

  it.each([
    ['the last member', ['first', 'middle']],
    ['a member in the middle', ['first']],
    ['every member', []],
  ] as const)('include its workflow, which ends although %s was set aside', (which, ended) =>
    play(async (s, redis) => {
      const { ids, workflow, members } = workflowOf({ first: [], middle: [['first']], last: [['middle', 'always']] });
      await s.store.startWorkflow(workflow, members);
      const worker = await s.worker();
      for (const ref of ended) await worker.complete(await worker.claimOne(ids[ref]));
      const spoiled =
        which === 'every member' ? Object.values(ids) : [which === 'the last member' ? ids.last : ids.middle];
      await worker.claim(9);
      for (const id of spoiled) await spoil(redis, id);
      s.clock.advance(LEASE + 1);
      await s.rescue();
      await s.maintain();
      const later = await s.worker('w2');
      for (let i = 0; i < 3; i++) {
        for (const claim of await later.claim(9)) await later.complete(claim);
        await s.maintain();
      }
      expect(await s.store.getWorkflow('w')).toMatchObject({ status: 'FAILED' });
      expect(await redis('HEXISTS', 'm', 'orphans')).toBe(':0');
    }),
  );

  it('include a queue at its limit', () =>
    play(async (s, redis) => {
      await s.store.configureQueue('default', { concurrency: 1, rateLimit: null });
      const [first, second] = await s.addMany(2);
      const lost = await s.worker('w1');
      await lost.claimOne(first);
      await spoil(redis, first!);
      s.clock.advance(LEASE + 1);
      await s.rescue();
      await s.maintain();
      expect(await (await s.worker('w2')).claimIds(2)).toEqual([second]);
    }));
});

describe.each(SPOILS)('data kept for an execution with %s', (kind, spoil) => {
  const NO_HISTORY = { history: { count: 0, age: null, bytes: null } };

  /** Makes the store process damaged executions that wait for their time, or run. */
  async function meet(s: StoreFixture): Promise<void> {
    await s.advance(LEASE + 1);
    await s.rescue();
    await s.maintain();
  }

  it.each([
    ['one that it has depended on', false],
    ['a workflow that it has depended on', true],
  ])('is dropped with it: %s', (_, inWorkflow) =>
    play(async (s, redis) => {
      const { ids, workflow, members } = workflowOf({ first: [], last: [['first']] });
      if (inWorkflow) await s.store.startWorkflow(workflow, members);
      const upstream = inWorkflow ? ids.last : await s.add({ taskId: 'parent' });
      const edges = [edgeTo(upstream), edgeTo(upstream, 'always')];
      const [delayed, other, runs] = await s.store.enqueue(
        [1_000, 3_600_000, 0].map((delay) => newExecution({ taskId: 'child', edges, queue: 'behind', delay })),
      );
      const worker = await s.worker();
      for (let i = inWorkflow ? 2 : 1; i > 0; i--) await worker.complete(await worker.claimOne());
      const behind = await s.worker('w2', { queues: ['behind'] });
      const claim = await behind.claimOne(runs);
      await spoil(redis, runs!);
      await spoil(redis, delayed!);
      await meet(s);
      expect(await behind.complete(claim)).toBe('stale');
      expect((await s.stats()).setAside).toBe(2);
      expect([await redis('EXISTS', `ed:${runs}`), await redis('EXISTS', `ed:${delayed}`)]).toEqual([':0', ':0']);
      // Another dependent still needs it.
      expect(await s.status(upstream)).toBe('COMPLETED');
      await s.store.cancel(other!, 0);
      await s.maintain();
      expect(await s.store.getExecution(upstream)).toBeNull();
      expect(await redis('EXISTS', `dp:${upstream}`)).toBe(':0');
    }, NO_HISTORY),
  );

  it('is kept for others if it had released its upstreams', () =>
    play(async (s, redis) => {
      const upstream = await s.add({ taskId: 'parent' });
      const edges = [edgeTo(upstream)];
      // An ended execution is kept as long as another one needs it.
      const [ended, other] = await s.store.enqueue([0, 0].map(() => newExecution({ taskId: 'child', edges })));
      const needs = await s.add({ edges: [edgeTo(ended!, 'always')], delay: 60_000 });
      const worker = await s.worker();
      await worker.complete(await worker.claimOne(upstream));
      await worker.fail(await worker.claimOne(ended));
      await worker.claimOne(other);
      await spoil(redis, ended!);
      await s.store.getExecution(ended!);
      await s.store.cancel(needs, 0);
      await s.maintain();
      expect((await s.stats()).setAside).toBe(kind === 'no record' ? 0 : 1);
      expect(await s.status(upstream)).toBe('COMPLETED');
    }, NO_HISTORY));

  it('is dropped in bounded steps if it depended on thousands', () =>
    play(async (s, redis) => {
      const upstreams = await s.addMany(1_000, { taskId: 'parent' });
      const lost = await s.add({ delay: 1_000, edges: upstreams.map((id) => edgeTo(id)) });
      const worker = await s.worker();
      await worker.settle(...(await worker.claimAll(1_000)).map((claim) => settle.complete(claim, null)));
      await s.maintain();
      expect((await s.stats()).byStatus.COMPLETED).toBe(1_000);
      await spoil(redis, lost);
      s.clock.advance(1_000);
      for (let more = true; more;) {
        const before = (await s.stats()).byStatus.COMPLETED;
        more = (await s.store.promote(10)).more;
        expect(before - (await s.stats()).byStatus.COMPLETED).toBeLessThanOrEqual(250);
      }
      await s.maintain();
      expect((await s.stats()).byStatus).toMatchObject({ PENDING: 0, COMPLETED: 0 });
    }, NO_HISTORY));
});

it('a damaged dependent does not make others lose what their upstream left', () =>
  play(
    async (s, redis) => {
      const upstream = await s.add({ taskId: 'parent' });
      const [lost, other] = await s.store.enqueue(
        [0, 1].map(() => newExecution({ taskId: 'child', edges: [edgeTo(upstream)], queue: 'behind' })),
      );
      const worker = await s.worker();
      await worker.complete(await worker.claimOne(upstream), 'left');
      await redis('HSET', 's', lost!, '\u0001garbage');
      const behind = await s.worker('w2', { queues: ['behind'] });
      const claim = await behind.claimOne(other);
      await s.maintain();
      expect((await s.stats()).setAside).toBe(1);
      expect(claim.results).toEqual({ parent: '"left"' });
      expect(await s.status(upstream)).toBe('COMPLETED');
      await behind.complete(claim);
    },
    { history: { count: 0, age: null, bytes: null } },
  ));

it('a damaged upstream does not damage the members of its workflow', () =>
  play(async (s, redis) => {
    const { ids, workflow, members } = workflowOf({
      first: [],
      other: [],
      last: [
        ['first', 'always'],
        ['other', 'always'],
      ],
    });
    await s.store.startWorkflow(workflow, members);
    const worker = await s.worker();
    const [first, other] = await worker.claim(2);
    await redis('HSET', 's', ids.first, '\u0001garbage');
    await worker.fail(other!);
    expect(await worker.fail(first!)).toBe('stale');
    await s.maintain();
    await worker.complete(await worker.claimOne(ids.last));
    expect((await s.stats()).setAside).toBe(1);
    expect(await s.store.getWorkflow('w')).toMatchObject({ status: 'FAILED' });
  }));

describe('a command that fails', () => {
  it('on a key of all sets nothing aside: its input stays, and the other items are done', () =>
    play(async (s, redis) => {
      await s.store.acquireLock('key', 'holder', LEASE, 0);
      const waiting = await s.addMany(3, { lock: lockOn('key', 1000) });
      const worker = await s.worker();
      expect(await worker.claimIds(3)).toEqual([]);
      const [delayed] = await s.addMany(1, { delay: 1000 });
      // The error of each ended wait is stored there.
      await redis('SET', 'er', 'no list');
      await expect(s.advance(1000)).rejects.toThrow(/WRONGTYPE/);
      await expect(s.maintain()).rejects.toThrow(/WRONGTYPE/);
      expect(await worker.claimIds(4)).toEqual([delayed]);
      expect(await s.statuses(...waiting)).toEqual(['PENDING', 'PENDING', 'PENDING']);
      await redis('DEL', 'er');
      await s.maintain();
      expect(await s.statuses(...waiting)).toEqual(['FAILED', 'FAILED', 'FAILED']);
      expect((await s.stats()).setAside).toBe(0);
    }));

  it('on a key of one execution sets that execution aside', () =>
    play(async (s, redis) => {
      const upstream = await s.add({ taskId: 'parent' });
      const edges = [edgeTo(upstream, 'failure')];
      const dependents = Array.from({ length: 12 }, () => newExecution({ taskId: 'child', edges }));
      await s.store.enqueue(dependents);
      await redis('SET', `dp:${upstream}`, 'no list');
      const worker = await s.worker();
      await worker.complete(await worker.claimOne(upstream));
      await s.maintain();
      expect((await worker.claimIds(20)).length).toBe(12);
      expect((await s.stats()).setAside).toBe(1);
      expect(await redis('EXISTS', `dp:${upstream}`)).toBe(':0');
    }));

  it('on the attempts of one execution sets that execution aside, and settles the others', () =>
    play(async (s, redis) => {
      const worker = await s.worker();
      const ids = await s.addMany(3, { taskId: 'plain' });
      const claims = await worker.claim(3);
      await redis('SET', `at:${ids[1]!}`, 'no list');
      await worker.settle(...claims.map((claim) => settle.retry(claim, BOOM, 0)));
      await s.maintain();
      expect((await s.stats()).setAside).toBe(1);
      expect(await redis('EXISTS', `at:${ids[1]!}`)).toBe(':0');
      expect((await worker.claimIds(3)).toSorted()).toEqual([ids[0], ids[2]]);
      const { attempts } = (await s.store.getExecution(ids[0]!))!;
      expect(attempts.map(({ error }) => error?.message)).toEqual(['boom', undefined]);
    }));
});

it('a step of a kind that only another release knows waits for that release, and does not block others', () =>
  play(async (s, redis, evaluate) => {
    const [upstream] = await s.addMany(1);
    const dependent = await s.add({ taskId: 'child', edges: [edgeTo(upstream!)] });
    const push = (list: string, kind: string): Promise<string> =>
      evaluate("return redis.call('RPUSH', KEYS[1], cmsgpack.pack({ 'x', ARGV[1], 0 }))", list, kind);
    await push('cont', 'future');
    const worker = await s.worker();
    await worker.complete(await worker.claimOne(upstream));
    await s.maintain();
    expect(await worker.claimIds(1)).toEqual([dependent]);
    expect([await redis('LLEN', 'cont'), await redis('LLEN', 'co')]).toEqual([':0', ':1']);
    // As a release that knows this step stores it.
    await push('co', 'edges');
    await s.maintain();
    expect([await redis('LLEN', 'cont'), await redis('LLEN', 'co')]).toEqual([':0', ':1']);
    expect(await redis('LINDEX', 'co', '0')).toContain('future');
    expect((await s.stats()).setAside).toBe(0);
  }));

describe('an ended workflow whose state cannot be read', () => {
  it('goes into history with the newest execution of a task, when there is a newer one', () =>
    play(async (s, redis) => {
      await s.depend('child', 'parent');
      const { ids, workflow, members } = workflowOf({ only: [] });
      await s.store.startWorkflow(workflow, [{ ...members[0]!, taskId: 'parent' }]);
      const worker = await s.worker();
      await worker.complete(await worker.claimOne(ids.only));
      await redis('HSET', 'ws', 'w', 'garbage');
      const newer = await s.add({ taskId: 'parent' });
      expect(await worker.claimIds(9)).toEqual([newer]);
      expect(await s.store.getWorkflow('w')).toMatchObject({ status: 'COMPLETED' });
      expect((await s.stats()).setAside).toBe(1);
    }));
});
