import type { TaskAttempt } from 'nestjs-advanced-scheduler';
import { describe, expect, it } from '@jest/globals';
import type { Entry } from '../cluster/fixtures/fleet.js';
import type { Acknowledged, Execution } from '../campaigns/fixtures/history.js';
import { RollingCheck } from './fixtures/rolling-check.js';

const MS = 1_000_000n;

/** A store and a ledger under a clock that is set by hand. */
class Fixture {
  now = 0n;
  readonly store = new Map<string, Execution>();
  private written: Entry[] = [];
  readonly rolling = new RollingCheck(
    's',
    (ids) => Promise.resolve(ids.flatMap((id) => this.store.get(id) ?? [])),
    () => this.written.splice(0),
    () => this.now,
  );

  write(what: string, id: string, number = 1): void {
    this.now += MS;
    this.written.push({ what, id, pid: 1, number, ns: this.now, at: Number(this.now / MS) });
  }

  put(executionId: string, status = 'COMPLETED'): void {
    const endedTime = new Date(Number(this.now / MS)).toISOString();
    const outcome = status as TaskAttempt['outcome'];
    const attempts = status === 'SKIPPED' ? [] : [{ attempt: 1, outcome, workerId: 'w', endedTime }];
    this.store.set(executionId, { executionId, taskId: 'work', status, reason: null, retryCount: 0, attempts });
  }

  /** One that is acknowledged, runs and ends. */
  run(executionId: string, more: Partial<Acknowledged> = {}): void {
    this.rolling.acknowledge([{ executionId, kind: 'plain', ...more }]);
    this.write('start', executionId);
    this.write('end', executionId);
    this.put(executionId);
  }

  tick(second: number): void {
    const id = `cron:s:${second * 1000}`;
    this.write('start', id);
    this.write('end', id);
    this.put(id);
  }

  async rules(age = 0): Promise<string[]> {
    await this.rolling.check(age);
    return this.rolling.violations.map(({ rule }) => rule);
  }
}

describe('a rolling check of a soak', () => {
  it('counts and forgets executions that have ended, and keeps the others', async () => {
    const s = new Fixture();
    for (let i = 0; i < 10; i++) s.run(`e${i}`);
    s.rolling.acknowledge([{ executionId: 'late', kind: 'plain' }]);
    s.put('late', 'RUNNING');
    s.now += 1_000n * MS;
    expect(await s.rules(500)).toEqual([]);
    expect(s.rolling.totals).toMatchObject({ scheduled: 10, completed: 10 });
    // History may drop what was checked.
    s.store.clear();
    s.put('late');
    s.write('start', 'late');
    s.write('end', 'late');
    expect([await s.rules(), s.rolling.size]).toEqual([[], 0]);
    expect(s.rolling.totals).toMatchObject({ scheduled: 11, completed: 11 });
  });

  it('reports nothing of an execution that was just acknowledged', async () => {
    const s = new Fixture();
    s.rolling.acknowledge([{ executionId: 'new', kind: 'plain' }]);
    expect([await s.rules(500), s.rolling.size]).toEqual([[], 1]);
  });

  it.each(['lost', 'ended'])('finds an execution that is %s', async (rule) => {
    const s = new Fixture();
    s.rolling.acknowledge([{ executionId: 'e', kind: 'plain' }]);
    if (rule === 'ended') s.put('e', 'RUNNING');
    expect(await s.rules()).toEqual([rule]);
  });

  it('finds a tick that is missing between two checks', async () => {
    const s = new Fixture();
    s.tick(1);
    s.tick(2);
    expect(await s.rules()).toEqual([]);
    s.tick(3);
    expect(await s.rules()).toEqual([]);
    s.tick(5);
    expect(await s.rules()).toEqual(['ticks']);
  });

  it('finds a fencing token that goes back between two checks, once', async () => {
    const s = new Fixture();
    for (const [id, token] of [['a', 7] as const, ['b', 6] as const]) {
      s.write('lock:1', id, token);
      s.run(id, { kind: 'locked', key: '1' });
      await s.rules();
    }
    expect(await s.rules()).toEqual(['locks']);
  });

  it('finds a key with two executions, and counts a repeated call once', async () => {
    const s = new Fixture();
    s.run('a', { kind: 'keyed', key: 'k' });
    await s.rules();
    s.store.clear();
    s.rolling.acknowledge([{ executionId: 'a', kind: 'keyed', key: 'k' }]);
    expect([await s.rules(), s.rolling.totals.scheduled]).toEqual([[], 1]);
    s.rolling.acknowledge([{ executionId: 'b', kind: 'keyed', key: 'k' }]);
    expect(await s.rules()).toEqual(['keys']);
  });

  it('finds effects of executions that were not acknowledged or have ended', async () => {
    const s = new Fixture();
    s.run('a');
    s.write('start', 'foreign');
    expect(await s.rules()).toEqual([]);
    s.write('start', 'a', 2);
    s.now += 120_000n * MS;
    expect(await s.rules()).toEqual(['unexpected', 'unexpected']);
    s.now += 120_000n * MS;
    expect(await s.rules()).toEqual(['unexpected', 'unexpected']);
  });

  it('measures the time from the call to the start', async () => {
    const s = new Fixture();
    s.run('a', { askedNs: 0n });
    await s.rules();
    expect(s.rolling.latencies).toEqual([1]);
  });
});
