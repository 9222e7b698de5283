import { describe, expect, it } from '@jest/globals';
import type { ListExecutionsQuery } from '../../libs/scheduler/src/store/records.js';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import type { ErrorInfo } from '../../libs/scheduler/src/core/failure.js';
import { ATTEMPTS_KEPT } from '../../libs/scheduler/src/core/limits.js';
import { BOOM, newExecution, type OpenStore } from './fixtures.js';
import { fixtures, type StoreFixture } from './store-fixture.js';

/** All pages of a query, each checked against the limit. */
async function list(s: StoreFixture, query: ListExecutionsQuery = {}): Promise<string[]> {
  const ids: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await s.store.listExecutions({ ...query, cursor });
    expect(page.items.length).toBeLessThanOrEqual(query.limit ?? 50);
    ids.push(...page.items.map((item) => item.executionId));
    if (page.nextCursor === null) return ids;
    cursor = page.nextCursor;
  }
}

export function listingContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  /** Ten executions, a second apart: two completed, one failed, one running, six pending. */
  const populate = async (s: StoreFixture): Promise<string[]> => {
    const ids: string[] = [];
    const worker = await s.worker();
    for (let i = 0; i < 10; i++) {
      ids.push(
        await s.add({ taskId: i % 2 === 0 ? 'parent' : 'child', tags: i % 5 === 0 ? ['fifth', 'all'] : ['all'] }),
      );
      s.clock.advance(1_000);
    }
    const [a, b, c] = await worker.claim(4);
    await worker.complete(a!);
    await worker.complete(b!);
    await worker.fail(c!);
    return ids;
  };

  describe('listExecutions', () => {
    it(
      'returns the newest first',
      withFixture(async (s) => {
        const ids = await populate(s);
        expect(await list(s)).toEqual(ids.reverse());
        const sameInstant = await s.addMany(3);
        expect((await list(s)).slice(0, 3)).toEqual(sameInstant.reverse());
      }),
    );

    it(
      'ends a page by its size, for waiting and ended executions, and omits none',
      withFixture(async (s) => {
        const payload = JSON.stringify('x'.repeat(250_000));
        const worker = await s.worker();
        const ids: string[] = [];
        for (let n = 0; n < 4; n++) ids.push(...(await s.addMany(10, { payload })));
        for (const id of ids.slice(0, 20)) await worker.complete(await worker.claimOne(id));
        for (const query of [{}, { status: 'COMPLETED' as const }]) {
          const sizes: number[] = [];
          const seen: string[] = [];
          for (let cursor: string | undefined; ;) {
            const page = await s.store.listExecutions({ ...query, limit: 1_000, cursor });
            sizes.push(page.items.reduce((sum, { payload }) => sum + String(payload).length, 0));
            seen.push(...page.items.map(({ executionId }) => executionId));
            if (page.nextCursor === null) break;
            cursor = page.nextCursor;
          }
          const all = 'status' in query ? ids.slice(0, 20) : ids;
          expect(seen).toEqual(all.toReversed());
          if (all.length > 33) expect(sizes.length).toBeGreaterThan(1);
          expect(Math.max(...sizes)).toBeLessThan(9_500_000);
        }
      }),
    );

    it(
      'ends a page by the size of errors, those of all attempts included',
      withFixture(async (s) => {
        const long: ErrorInfo = { ...BOOM, message: 'm'.repeat(4_000), stack: 's'.repeat(8_000) };
        const error = { ...long, cause: { name: 'Error', message: 'c'.repeat(1_000), code: null } };
        const ids = await s.addMany(90);
        const worker = await s.worker();
        for (let run = 1; run <= ATTEMPTS_KEPT; run++) {
          const claims = await worker.claimAll(ids.length);
          for (let n = 0; n < claims.length; n += 10) {
            const some = claims.slice(n, n + 10);
            await worker.settle(...some.map((claim) => settle.retry(claim, error, 0)));
          }
        }
        const sizes: number[] = [];
        const seen: string[] = [];
        for (let cursor: string | undefined; ;) {
          const page = await s.store.listExecutions({ limit: 1_000, cursor });
          sizes.push(JSON.stringify(page.items).length);
          seen.push(...page.items.map(({ executionId }) => executionId));
          if (page.nextCursor === null) break;
          cursor = page.nextCursor;
        }
        expect(seen).toEqual(ids.toReversed());
        expect(Math.max(...sizes)).toBeLessThan(9_500_000);
      }),
    );

    it(
      'returns each execution once over all pages, while executions are added and end',
      withFixture(async (s) => {
        const ids = await populate(s);
        for (const limit of [1, 3, 10, 1_000]) expect(await list(s, { limit })).toEqual(ids.toReversed());
        const first = await s.store.listExecutions({ limit: 4 });
        expect(first.items.map((item) => item.executionId)).toEqual(ids.toReversed().slice(0, 4));
        await s.addMany(5);
        const second = await s.store.listExecutions({ limit: 4, cursor: first.nextCursor! });
        expect(second.items.map((item) => item.executionId)).toEqual(ids.toReversed().slice(4, 8));
      }),
    );

    it(
      'returns whole executions',
      withFixture(async (s) => {
        const ids = await populate(s);
        const { items } = await s.store.listExecutions({});
        expect(items).toEqual(await Promise.all(ids.toReversed().map((id) => s.get(id))));
      }),
    );

    it(
      'filters by status, one or several',
      withFixture(async (s) => {
        const ids = await populate(s);
        expect(await list(s, { status: 'COMPLETED' })).toEqual([ids[1], ids[0]]);
        expect(await list(s, { status: ['FAILED', 'RUNNING'] })).toEqual([ids[3], ids[2]]);
        expect(await list(s, { status: 'PENDING', limit: 2 })).toEqual(ids.slice(4).reverse());
        expect(await list(s, { status: 'SKIPPED' })).toEqual([]);
      }),
    );

    it(
      'finds the few executions of a status among many, in any time span',
      withFixture(async (s) => {
        const worker = await s.worker();
        await s.addMany(60);
        s.clock.advance(1_000);
        const since = s.now;
        await s.addMany(60);
        const claims = await worker.claim(80);
        for (const [i, claim] of claims.entries())
          if (i % 4 === 0) await worker.complete(claim, 'done');
          else if (i % 10 === 1) await worker.fail(claim);
          else if (i % 10 === 5) await worker.complete(claim);
        s.clock.advance(1_000);
        const rest = await s.addMany(1_100);
        await s.store.cancel(rest[550]!, 1_000);
        const all = await Promise.all((await list(s, { limit: 1_000 })).map((id) => s.get(id)));
        expect(all).toHaveLength(1_220);
        for (const status of ['COMPLETED', 'FAILED', 'CANCELLED', 'RUNNING', 'PENDING', 'SKIPPED'] as const) {
          const ids = (from: number) =>
            all
              .filter((each) => each.status === status && Date.parse(each.createdTime) >= from)
              .map((each) => each.executionId);
          expect(await list(s, { status, limit: 7 })).toEqual(ids(0));
          expect(await list(s, { status, from: since, limit: 7 })).toEqual(ids(since));
        }
        expect((await list(s, { status: ['FAILED', 'RUNNING'] })).length).toBeGreaterThan(40);
        const other = await s.add({ taskId: 'other' });
        await s.addMany(600);
        expect(await list(s, { taskId: 'other' })).toEqual([other]);
        expect(await list(s, { taskId: 'other', from: s.now })).toEqual([other]);
        expect(await list(s, { taskId: 'other', status: 'FAILED' })).toEqual([]);
      }),
    );

    it(
      'filters by queue, waiting and ended executions',
      withFixture(async (s) => {
        const worker = await s.worker('w1', { queues: ['mail'] });
        const mail = await s.addMany(3, { queue: 'mail' });
        await s.addMany(700, { taskId: 'other' });
        const late = await s.add({ queue: 'mail', taskId: 'child', tags: ['late'] });
        await worker.complete(await worker.claimOne(mail[0]));
        await worker.fail(await worker.claimOne(mail[1]));
        expect(await list(s, { queue: 'mail' })).toEqual([late, ...mail.toReversed()]);
        expect(await list(s, { queue: 'mail', limit: 1 })).toEqual([late, ...mail.toReversed()]);
        expect(await list(s, { queue: 'mail', status: ['COMPLETED', 'FAILED'] })).toEqual([mail[1], mail[0]]);
        expect(await list(s, { queue: 'mail', taskId: 'child' })).toEqual([late]);
        expect(await list(s, { queue: 'mail', tag: 'late', status: 'PENDING' })).toEqual([late]);
        expect(await list(s, { queue: 'mail', taskId: 'other' })).toEqual([]);
        expect(await list(s, { queue: 'nothing' })).toEqual([]);
        expect(await list(s, { queue: 'default', limit: 300 })).toHaveLength(700);
      }),
    );

    it(
      'filters by task, tag and time span, and by all of them together',
      withFixture(async (s) => {
        const start = s.now;
        const ids = await populate(s);
        expect(await list(s, { taskId: 'child' })).toEqual([9, 7, 5, 3, 1].map((i) => ids[i]));
        expect(await list(s, { tag: 'fifth' })).toEqual([ids[5], ids[0]]);
        expect(await list(s, { tag: 'none such' })).toEqual([]);
        expect(await list(s, { from: start + 2_000, to: start + 5_000 })).toEqual([ids[4], ids[3], ids[2]]);
        expect(await list(s, { from: start + 8_001 })).toEqual([ids[9]]);
        const all: ListExecutionsQuery = {
          taskId: 'parent',
          tag: 'all',
          status: 'PENDING',
          to: start + 8_000,
          limit: 1,
        };
        expect(await list(s, all)).toEqual([ids[6], ids[4]]);
      }),
    );

    it(
      'filters by workflow',
      withFixture(async (s) => {
        await populate(s);
        const only = newExecution({ workflow: { workflowId: 'wf', ref: 'only' } });
        const { executionId, taskId } = only;
        const nodes = [{ ref: 'only', executionId, taskId, dependsOn: [] }];
        await s.store.startWorkflow({ workflowId: 'wf', name: 'one step', nodes }, [only]);
        expect(await list(s, { workflowId: 'wf' })).toEqual([executionId]);
        expect(await list(s, { workflowId: 'another' })).toEqual([]);
      }),
    );
  });
}
