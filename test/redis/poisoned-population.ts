import type { RunToken } from '../../libs/scheduler/src/core/commands.js';
import { PROMOTE_PER_STEP } from '../../libs/scheduler/src/core/limits.js';
import { edgeTo, HOUR, LEASE, lockOn, newSchedule, twoSteps } from '../contract/fixtures.js';
import { steps, type StoreFixture } from '../contract/store-fixture.js';
import type { Worker } from '../contract/worker.js';

/** The number of each kind, of which the second may be poisoned. */
const COUNT = 3;
/** When delays, deadlines and locks expire, ms: before any lease. */
const DUE = 5_000;

/** Executions, locks and schedules of each kind, each of which a duty must process. */
export interface Population {
  /** Of what may be poisoned: ids, keys of locks, names of workers. */
  victims: readonly string[];
  /** The number of each group that duties have processed. */
  arrived(): Promise<Record<string, number>>;
  /** What duties and clients do once all is due. @returns what failed, by call */
  act(): Promise<string[]>;
}

/** Fills a namespace with something for each duty of maintenance, workers and clients. */
export async function populate(s: StoreFixture): Promise<Population> {
  const { store } = s;
  const alive = await s.worker('alive');
  const held: RunToken[] = [];
  const run = async (ids: readonly string[], worker = alive): Promise<void> => {
    const claims = await worker.claim(ids.length);
    if (worker === alive) held.push(...claims);
  };

  await store.configureQueue('ruled', { concurrency: 5, rateLimit: { max: 5, per: 1_000 } });
  const old = await s.addMany(COUNT);
  for (const claim of await alive.claim(COUNT)) await alive.complete(claim, 'done');
  const failed = await s.addMany(COUNT, { tags: ['x'] });
  for (const claim of await alive.claim(COUNT)) await alive.fail(claim);
  const flows: { workflowId: string; ids: string[] }[] = [];
  for (let i = 0; i < COUNT; i++) flows.push(await startWorkflow(s));
  for (let claims = await alive.claim(10); claims.length > 0; claims = await alive.claim(10))
    for (const claim of claims) await alive.complete(claim);
  const openFlow = await startWorkflow(s);
  held.push(await alive.claimOne(openFlow.ids[0]));

  const lost = await s.addMany(COUNT);
  await run(lost, await s.worker('victim'));
  const cancelled = await s.addMany(COUNT);
  await run(cancelled);
  for (const id of cancelled) await store.cancel(id, DUE);
  const timed = await s.addMany(COUNT, { timeout: 500 });
  await run(timed);
  const parent = await s.add({ taskId: 'parent' });
  const parentRun = await alive.claimOne(parent);
  held.push(parentRun);
  const late: string[] = [];
  const next: string[] = [];
  for (let i = 0; i < COUNT; i++)
    late.push(await s.add({ taskId: 'child', edges: [edgeTo(parent, 'success', { timeout: DUE })] }));
  const uncle = await s.add({ taskId: 'uncle' });
  const uncleRun = await alive.claimOne(uncle);
  for (let i = 0; i < COUNT; i++) next.push(await s.add({ taskId: 'child', edges: [edgeTo(uncle)] }));

  await store.acquireLock('kept', 'someone', HOUR, 0);
  const waiting = await s.addMany(COUNT, { lock: lockOn('kept', DUE) });
  await alive.claim(COUNT);
  const locks = ['a', 'victim lock', 'c'];
  const freed: string[] = [];
  for (const key of locks) {
    await store.acquireLock(key, 'owner', DUE, 0);
    freed.push(await s.add({ lock: lockOn(key) }));
  }
  await store.acquireLock('victim lock', 'victim', DUE, HOUR);
  await alive.claim(COUNT);
  const delayed = await s.addMany(COUNT, { delay: DUE });
  const keyed = await s.add({ delay: HOUR, idempotency: { key: 'victim', fingerprint: 'f' } });
  for (const id of ['first', 'victim', 'third']) await store.putSchedule(newSchedule({ id, nextRunTime: s.now + DUE }));
  await store.report(parentRun, { progress: { fraction: 0.5, note: 'half' }, logs: ['a line'] });

  const of = (ids: readonly string[]): string => ids[1]!;
  const groups = [old, failed, lost, cancelled, timed, late, next, waiting, freed, delayed];
  const flow = flows[1]!;
  const found = { due: 0, expired: 0, claimed: new Set<string>() };
  return {
    victims: [...groups.map(of), ...flow.ids, flow.workflowId, openFlow.workflowId, 'victim', keyed],
    async act() {
      const failures: string[] = [];
      const attempt = async (name: string, call: () => Promise<unknown>): Promise<void> => {
        await call().catch((error: Error) => failures.push(`${name}: ${error.message}`));
      };
      await attempt('complete', () => alive.complete(uncleRun));
      s.clock.advance(LEASE - 1);
      await attempt('beat', () => alive.beat(...held));
      s.clock.advance(1_000);
      await attempt('promote', () => steps(() => store.promote(PROMOTE_PER_STEP)));
      await attempt('rescue', () => steps(() => store.rescue(PROMOTE_PER_STEP)));
      await attempt('expiredRuns', async () => {
        const runs = await store.expiredRuns(PROMOTE_PER_STEP);
        found.expired = runs.filter(({ executionId }) => timed.includes(executionId)).length;
      });
      await attempt('dueSchedules', async () => (found.due = (await store.dueSchedules(10)).schedules.length));
      const other = await s.worker('other');
      const claimAll = async (worker: Worker): Promise<void> => {
        for (let i = 0; i < 10; i++)
          for (const claim of await worker.claim(100)) {
            found.claimed.add(claim.executionId);
            await worker.complete(claim);
          }
      };
      await attempt('exchange', () => claimAll(other));
      await attempt('beat again', () => alive.beat());
      await attempt('drain', () => store.drain('alive'));
      await attempt('goodbye', () => store.deregister('alive'));
      await attempt('exchange again', () => claimAll(other));
      await attempt('promote again', () => steps(() => store.promote(PROMOTE_PER_STEP)));
      await attempt('prune', () => steps(() => store.prune(PROMOTE_PER_STEP)));
      for (const name of ['stats', 'listWorkers', 'listLocks', 'listSchedules', 'listTasks'] as const)
        await attempt(name, () => store[name]());
      await attempt('listExecutions', () => store.listExecutions({ limit: 100 }));
      await attempt('listWorkflows', () => store.listWorkflows({ limit: 100 }));
      return failures;
    },
    async arrived() {
      const having = async (ids: readonly string[], ...wanted: string[]): Promise<number> => {
        const statuses = await Promise.all(ids.map(async (id) => (await store.getExecution(id))?.status ?? 'gone'));
        return statuses.filter((status) => wanted.includes(status)).length;
      };
      const claimed = (ids: readonly string[]): number => ids.filter((id) => found.claimed.has(id)).length;
      return {
        old: await having(old, 'gone'),
        failed: await having(failed, 'gone'),
        flows: await having(
          flows.map(({ ids }) => ids[0]!),
          'gone',
        ),
        lost: claimed(lost),
        cancelled: await having(cancelled, 'CANCELLED'),
        expired: found.expired,
        late: await having(late, 'SKIPPED'),
        next: claimed(next),
        waiting: await having(waiting, 'FAILED'),
        freed: claimed(freed),
        delayed: claimed(delayed),
        due: found.due,
      };
    },
  };
}

async function startWorkflow(s: StoreFixture): Promise<{ workflowId: string; ids: string[] }> {
  const { workflow, members } = twoSteps();
  await s.store.startWorkflow(workflow, members);
  return { workflowId: workflow.workflowId, ids: members.map(({ executionId }) => executionId) };
}
