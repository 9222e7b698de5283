import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NewExecution } from '../../libs/scheduler/src/core/commands.js';
import type { Effect } from '../../libs/scheduler/src/core/effects.js';
import { PROMOTE_PER_STEP } from '../../libs/scheduler/src/core/limits.js';
import { helloOf, HOUR, lockOn, MINUTE, taskRecordOf, newExecution, newSchedule } from '../contract/fixtures.js';
import { Worker } from '../contract/worker.js';
import { CAN_FAKE_CLOCKS, FakeClock } from '../support/fake-clock.js';
import type { RedisServer, RedisServerOptions } from '../support/redis-server.js';
import { until } from '../support/until.js';
import { openOn, promoteAll } from './clock-steps.js';
import { closeAll, serve } from './fixtures.js';

afterEach(closeAll);

(CAN_FAKE_CLOCKS ? describe : describe.skip)('a clock of the server that goes forward by two hours', () => {
  const clock = new FakeClock();
  beforeEach(() => clock.set(0));
  afterAll(() => clock.remove());

  /** Returns when the server shows the new time, which no store has seen. */
  async function stepForward(server: RedisServer): Promise<void> {
    await step(server, 2);
  }

  /** @param hours from the real time */
  async function step(server: RedisServer, hours: number): Promise<void> {
    const seconds = async (): Promise<number> => Number((await server.command('TIME')).split('\r\n')[2]);
    const before = await seconds();
    clock.set(hours * 3600);
    await until(async () => Math.abs((await seconds()) - before) > 3600);
  }

  const serveStepping = (options: RedisServerOptions = {}): Promise<RedisServer> =>
    serve({ ...options, env: clock.env });

  it('ends no run, lease, lock, wait or grace period, whichever node calls first', async () => {
    const server = await serveStepping();
    const [store, other] = [await openOn(server), await openOn(server)];
    await store.putTasks([taskRecordOf('plain')]);
    await store.register(helloOf('w1'));
    const worker = new Worker(store, 'w1');
    const [plain, limited, locked, cancelled, parked] = [
      newExecution(),
      newExecution({ timeout: MINUTE }),
      newExecution({ lock: lockOn('k') }),
      newExecution(),
      newExecution({ lock: lockOn('k', MINUTE) }),
    ];
    await store.enqueue([plain, limited, locked, cancelled, parked]);
    const runs = await worker.claim(5);
    expect(runs).toHaveLength(4);
    await store.cancel(cancelled.executionId, MINUTE);
    await store.acquireLock('handle', 'h1', MINUTE, 0);
    await store.acquireLock('handle', 'h2', MINUTE, MINUTE);
    const expiring = newExecution({ ttl: MINUTE });
    await store.enqueue([expiring]);
    const [delayed, dated] = [newExecution({ delay: HOUR }), newExecution({ scheduledTime: Date.now() + HOUR })];
    // As an earlier release has stored it: its date is among the delayed only.
    const early = newExecution({ scheduledTime: Date.now() + HOUR });
    await store.enqueue([early]);
    await server.command('DEL', '{step}:dd');
    await store.enqueue([delayed, dated]);
    const effects: Effect[] = [];
    other.subscribe((each) => effects.push(...each));
    await other.stats();
    await stepForward(server);
    // The first calls are only reads: they must not affect what the others find.
    await other.due();
    expect(await other.expiredRuns(10)).toEqual([]);
    for (const each of [other, store]) {
      expect((await each.rescue(100)).done).toBe(0);
      // The dates were reached, the delay was not.
      expect((await each.promote(100)).done).toBe(each === other ? 2 : 0);
      expect(await each.expiredRuns(10)).toEqual([]);
    }
    const [step] = effects.filter((effect) => effect.kind === 'clockStep');
    expect(-step!.by / 1000).toBeCloseTo(2 * 3600, -1);
    expect((await store.getLock('k'))!.owner).toBe(locked.executionId);
    expect((await store.getLock('handle'))!.owner).toBe('h1');
    expect((await store.getLock('handle'))!.remaining).toBeGreaterThan(MINUTE / 2);
    for (const { executionId } of [parked, expiring])
      expect((await store.getExecution(executionId))!.status).toBe('PENDING');
    expect(await worker.beat(...runs)).toMatchObject({ known: true, lost: [] });
    for (const run of runs) expect(await worker.complete(run)).toBe('applied');
  });

  it.each([
    ['a node that saw the time before', false],
    ['a new node', true],
  ])('removes nothing that another release has just declared, if %s calls first', async (_, isNew) => {
    const server = await serveStepping();
    const other = await openOn(server);
    const limits = { concurrency: 1, rateLimit: null };
    await other.putSchedule(newSchedule({ id: 'of another', declaredBy: 'app', nextRunTime: Date.now() + 9 * HOUR }));
    await other.configureQueue('of another', limits, 'app');
    let store = await openOn(server);
    await store.stats();
    await stepForward(server);
    if (isNew) store = await openOn(server);
    expect(await store.declareSchedules('app', [], false)).toEqual([]);
    expect(await store.declareQueues('app', [], false)).toEqual([]);
    expect(await other.declareSchedules('app', ['of another'], false)).toEqual([]);
    expect(await store.declareSchedules('app', [], false)).toEqual([]);
  });

  it('counts the elapsed time of runs, not that of the clock', async () => {
    const server = await serveStepping();
    const store = await openOn(server);
    await store.putTasks([taskRecordOf('plain')]);
    await store.register(helloOf('w1'));
    const worker = new Worker(store, 'w1');
    await store.enqueue([newExecution(), newExecution({ timeout: MINUTE }), newExecution()]);
    const [simple, other, failing] = await worker.claim(3);
    await store.stats();
    await stepForward(server);
    await store.promote(PROMOTE_PER_STEP);
    await worker.complete(simple!);
    await worker.complete(other!);
    await worker.fail(failing!);
    const { window } = await store.stats();
    const sum = window.reduce((ms, each) => ms + each.durationMs, 0);
    expect(window.reduce((ends, each) => ends + each.completed + each.failed, 0)).toBe(3);
    expect(sum).toBeLessThan(HOUR);
  });

  it('ends no run of a worker that sends heartbeats, if a node that missed the step writes first', async () => {
    const server = await serveStepping();
    const store = await openOn(server);
    await store.putTasks([taskRecordOf('plain')]);
    await store.register(helloOf('w1'));
    const worker = new Worker(store, 'w1');
    await store.enqueue([newExecution(), newExecution({ timeout: MINUTE })]);
    const runs = await worker.claim(2);
    await stepForward(server);
    const late = await openOn(server);
    await late.promote(PROMOTE_PER_STEP);
    await worker.beat(...runs);
    for (const each of [late, store]) expect(await each.expiredRuns(10)).toEqual([]);
    for (const run of runs) expect(await worker.complete(run)).toBe('applied');
  });

  it('and back again leaves delays, dates and locks unchanged', async () => {
    const server = await serveStepping();
    const store = await openOn(server);
    await store.putTasks([taskRecordOf('plain')]);
    const at = Math.floor(Date.now() / 1000) * 1000 + 3 * HOUR;
    await store.acquireLock('k', 'h1', HOUR, 0);
    const ids = await store.enqueue([newExecution({ delay: HOUR }), newExecution({ scheduledTime: at })]);
    const { now } = await store.stats();
    for (const hours of [2, 0, 4, 0]) {
      await step(server, hours);
      await store.promote(PROMOTE_PER_STEP);
      await promoteAll(store);
      const ahead = (await store.stats()).now - now;
      expect(Math.round(ahead / HOUR)).toBe(hours);
      const untils = await Promise.all(
        ids.map(async (id) => {
          const { waitingFor } = (await store.getExecution(id))!;
          return waitingFor?.kind === 'time' ? Math.round((Date.parse(waitingFor.until!) - now) / HOUR) : null;
        }),
      );
      // A date that was reached is not due again.
      expect(untils).toEqual([hours + 1, hours === 4 || untils[1] === null ? null : 3]);
      expect(Math.round((await store.getLock('k'))!.remaining! / HOUR)).toBe(1);
    }
  });

  it('and back makes no claim too old for a worker that was idle for long', async () => {
    const server = await serveStepping();
    const store = await openOn(server);
    await store.putTasks([taskRecordOf('plain')]);
    await step(server, 2);
    await store.register(helloOf('w1'));
    const worker = new Worker(store, 'w1');
    expect(await worker.claim(1)).toEqual([]);
    await step(server, 0);
    await promoteAll(store);
    for (let second = 0; second < 10; second++) await store.due();
    await store.enqueue([newExecution()]);
    const { claims, age } = await worker.exchange({ demand: 1 });
    expect(claims).toHaveLength(1);
    expect(age).toBeLessThan(MINUTE);
  });

  it('keeps idempotency keys for 24 hours, and so does a step back', async () => {
    const server = await serveStepping();
    const store = await openOn(server);
    await store.putTasks([taskRecordOf('plain')]);
    const keyed = (): NewExecution => newExecution({ idempotency: { key: 'order-7', fingerprint: 'f' } });
    const [id] = await store.enqueue([keyed()]);
    await store.stats();
    for (const hours of [30, 0]) {
      await step(server, hours);
      await store.promote(PROMOTE_PER_STEP);
      await store.prune(PROMOTE_PER_STEP);
      expect(await store.enqueue([keyed()])).toEqual([id]);
    }
    await store.close();
    // Time without any node counts as elapsed.
    await step(server, 25);
    const later = await openOn(server);
    expect(await later.enqueue([keyed()])).not.toEqual([id]);
  });

  it('ends runs that are too long, and rescues those of lost workers', async () => {
    const server = await serveStepping();
    const store = await openOn(server, { lease: 5_000, maxAttemptDuration: 6_000 });
    await store.putTasks([taskRecordOf('plain')]);
    await store.register(helloOf('w1'));
    const begun = performance.now();
    await store.enqueue([newExecution()]);
    const worker = new Worker(store, 'w1');
    const run = await worker.claimOne();
    await stepForward(server);
    await until(async () => {
      await worker.beat(run);
      return (await store.expiredRuns(10)).length > 0;
    });
    expect(performance.now() - begun).toBeGreaterThan(5_500);
    await until(async () => (await store.rescue(100)).done === 1);
    expect(performance.now() - begun).toBeGreaterThan(10_000);
  });
});
