import { describe, expect, it } from '@jest/globals';
import type { Entry, LogLine } from '../cluster/fixtures/fleet.js';
import { ALWAYS, check, exclusion, fenced, losses, settlements, undisturbed } from './fixtures/checkers.js';
import type { Acknowledged, Checker, Execution, History, Interval, Limits, Wait } from './fixtures/history.js';
import { recoversWithin, recovery } from './fixtures/recovery.js';

const time = (ms: number): string => new Date(ms).toISOString();
const between = (from: number, to: number) => ({ workerId: 'w1', startedTime: time(from), endedTime: time(to) });
const run = { attempt: 1, outcome: 'COMPLETED' as const, ...between(10_000, 10_001) };
const failure = { outcome: 'FAILED' as const, ...between(10_000, 10_001) };
const crash = { outcome: 'WORKER_LOST' as const, ...between(10_000, 10_001) };

const execution = (executionId: string, more: Partial<Execution> = {}): Execution => ({
  ...{ executionId, taskId: 'work', status: 'COMPLETED', reason: null, retryCount: 0, attempts: [run] },
  ...{ priority: 2, createdTime: time(9_000) },
  ...more,
});

let ns = 0n;
const entry = (what: string, id: string, number = 1, more: Partial<Entry> = {}): Entry => ({
  ...{ what, id, pid: 1, number, ns: ++ns, at: 10_000 },
  ...more,
});
const ran = (id: string): Entry[] => [entry('start', id), entry('end', id)];

/** One of each kind, and nothing wrong. */
function clean() {
  const acknowledged: Acknowledged[] = [
    { executionId: 'plain', kind: 'plain' },
    { executionId: 'doomed', kind: 'doomed' },
    { executionId: 'held', kind: 'locked', key: '1' },
    { executionId: 'next', kind: 'locked', key: '1' },
    { executionId: 'keyed', kind: 'keyed', key: 'k' },
    { executionId: 'keyed', kind: 'keyed', key: 'k' },
    { executionId: 'limited', kind: 'limited' },
    { executionId: 'delayed', kind: 'delayed', notBefore: 10_000 },
    { executionId: 'root', kind: 'node' },
    { executionId: 'node', kind: 'node', upstreams: ['root'] },
    { executionId: 'skipped', kind: 'skipped', upstreams: ['doomed'] },
  ];
  const executions = [
    ...['plain', 'held', 'next', 'keyed', 'limited', 'delayed', 'root', 'node'].map((id) => execution(id)),
    execution('doomed', { status: 'FAILED', retryCount: 2, attempts: [failure, failure, failure] }),
    execution('skipped', { status: 'SKIPPED', attempts: [] }),
    execution('cron:s:1000'),
    execution('cron:s:2000'),
  ];
  const ledger = [
    ...['plain', 'keyed', 'limited', 'delayed', 'root', 'node', 'cron:s:1000', 'cron:s:2000'].flatMap(ran),
    ...[1, 2, 3].map((number) => entry('start', 'doomed', number)),
    ...[entry('lock:1', 'held', 7), ...ran('held'), entry('lock:1', 'next', 8), ...ran('next')],
  ];
  const counters = { scheduled: 12, completed: 10, failed: 1, cancelled: 0, skipped: 1, crashed: 0 };
  return {
    ...{ acknowledged, executions, ledger, counters, schedules: ['s'] },
    ...{ leftRunning: { 'run:w1': 0 }, failedScripts: 0, problems: [] as string[] },
    ...{ limits: [] as Limits[], waits: [] as Wait[], keysLeft: ['x', 'ed:node'], log: [] as LogLine[] },
    ...{ kills: [] as History['kills'][number][], outages: [], losses: [] as Interval[], healed: 0n },
  };
}

type Parts = ReturnType<typeof clean>;
/** But for the one of campaigns in which no run may crash. */
const RULES = [...ALWAYS, exclusion, fenced, settlements];
/** Of campaigns of their own. */
const OTHERS: Readonly<Record<string, Checker>> = { undisturbed, losses };
const rulesOf = (history: History, checkers = RULES): string[] => [
  ...new Set(check(history, checkers).map(({ rule }) => rule)),
];
/** Puts another in its place, and counts it. */
function put(history: Parts, executionId: string, more: Partial<Execution>): void {
  const at = history.executions.findIndex((each) => each.executionId === executionId);
  history.executions[at] = { ...history.executions[at]!, ...more };
  const count = (status: string): number => history.executions.filter((each) => each.status === status).length;
  Object.assign(history.counters, { completed: count('COMPLETED'), failed: count('FAILED') });
}
const without = (history: Parts, fits: (entry: Entry) => boolean): void => {
  history.ledger = history.ledger.filter((each) => !fits(each));
};

/** Another limited one, which starts before `limited` though that was there. */
function overtake(history: Parts, more: Partial<Execution>): void {
  history.acknowledged.push({ executionId: 'hasty', kind: 'limited' });
  history.executions.push(execution('hasty', { attempts: [{ ...run, ...between(9_900, 9_901) }], ...more }));
  history.ledger.push(...ran('hasty').map((each) => ({ ...each, at: 9_900 })));
  history.counters.scheduled++;
  history.counters.completed++;
}
const failedPass = (reason: string, ns = 0n): LogLine => {
  return { workerId: 'w1', pid: 1, context: 'SchedulerMaintenance', text: `scheduler:default:rescue: ${reason}`, ns };
};

/** What each rule must see: a history that breaks it and no other. */
const PLANTED: Record<string, (history: Parts) => void> = {
  'lost: an acknowledged execution is not listed': (history) => {
    history.acknowledged.push({ executionId: 'gone', kind: 'plain' });
  },
  'losses: one is lost that was acknowledged while the server kept all': (history) => {
    history.losses.push({ from: 10n, to: 20n });
    history.acknowledged.push({ executionId: 'gone', kind: 'plain', call: { from: 1n, to: 9n } });
  },
  'ended: one still runs': (history) => put(history, 'plain', { status: 'RUNNING' }),
  'ended: one is listed twice': (history) => {
    history.executions.push(execution('plain'));
    history.counters.scheduled++;
    history.counters.completed++;
  },
  'outcome: one that must succeed has failed': (history) =>
    put(history, 'plain', { status: 'FAILED', reason: 'HANDLER_FAILED' }),
  'outcome: one is skipped though its upstream succeeded': (history) => {
    put(history, 'node', { status: 'SKIPPED' });
    history.counters.skipped = 2;
  },
  'retries: an attempt is missing': (history) => put(history, 'doomed', { retryCount: 1 }),
  'effects: COMPLETED without an end': (history) =>
    without(history, ({ what, id }) => what === 'end' && id === 'plain'),
  'effects: a run that is not counted': (history) => {
    history.ledger.push(entry('start', 'plain', 2));
  },
  'settlements: one is COMPLETED while its handler runs': (history) => {
    history.ledger = history.ledger.map((each) =>
      each.what === 'end' && each.id === 'plain' ? { ...each, at: 10_002 } : each,
    );
  },
  'repeats: one run has two effects': (history) => {
    history.ledger.push(entry('end', 'plain', 1, { pid: 2 }));
  },
  'order: a node begins before its upstream has ended': (history) => {
    history.ledger.unshift(entry('start', 'node', 1, { ns: 0n }));
    without(history, ({ what, id, ns }) => what === 'start' && id === 'node' && ns > 0n);
  },
  'locks: a token that has been given before': (history) => {
    history.ledger = history.ledger.map((each) =>
      each.id === 'next' && each.number === 8 ? { ...each, number: 7 } : each,
    );
  },
  'exclusion: two holders at a time': (history) => {
    history.ledger = history.ledger.map((each) =>
      each.what === 'end' && each.id === 'held' ? { ...each, ns: 1_000_000n } : each,
    );
  },
  'keys: two executions of one idempotency key': (history) => {
    history.acknowledged.push({ executionId: 'plain', kind: 'keyed', key: 'k' });
  },
  'delays: one begins early': (history) => {
    history.acknowledged.find(({ kind }) => kind === 'delayed')!.notBefore = 10_001;
  },
  'ticks: one is missing': (history) => {
    history.executions.push(execution('cron:s:4000'));
    history.ledger.push(...ran('cron:s:4000'));
    history.counters.scheduled++;
    history.counters.completed++;
  },
  'counters: crashes are not counted': (history) => {
    put(history, 'plain', { attempts: [crash, { ...run, attempt: 2 }] });
    history.ledger.push(entry('start', 'plain', 2), entry('end', 'plain', 2));
  },
  'remains: a run is left in a running set': (history) => {
    history.leftRunning['run:w1'] = 1;
  },
  'remains: a script has failed': (history) => {
    history.failedScripts = 1;
  },
  'remains: a script has failed before the server started anew': (history) => {
    const text =
      "the store does not respond: the script 'exchange' failed in the store: ERR attempt to index a nil value";
    history.log.push({ workerId: 'w1', pid: 1, context: 'SchedulerWorker', text, ns: 1n });
  },
  'priority: one starts before one of a better priority': (history) => {
    overtake(history, { priority: 3 });
  },
  'priority: one starts before one that has been there for longer': (history) => {
    overtake(history, { createdTime: time(9_500) });
  },
  'limits: two run where one may': (history) => {
    history.limits.push({ taskId: 'work', concurrency: 1, max: 1000, per: 1_000 });
  },
  'limits: too many starts in a window': (history) => {
    history.limits.push({ taskId: 'work', concurrency: 1000, max: 3, per: 1_000 });
  },
  'waiters: one is forgotten': (history) => {
    history.waits.push({ key: 'k', outcome: null });
  },
  'waiters: one waits in vain': (history) => {
    history.waits.push({ key: 'k', outcome: 'timeout' });
  },
  'duties: a pass fails over its data': (history) => {
    history.log.push(failedPass("the script 'rescue' failed in the store: attempt to index a nil value"));
  },
  'duties: a pass fails again and again when all is well': (history) => {
    const text = 'the store is not available: ECONNRESET';
    history.log.push(failedPass(text, 20_000_000_000n), failedPass(text, 21_000_000_000n));
  },
  'fenced: an earlier holder writes after a later one': (history) => {
    history.ledger.push(entry('write:k', 'next', 8), entry('write:k', 'held', 7));
  },
  'undisturbed: a run is lost': (history) => {
    put(history, 'plain', { attempts: [crash, run] });
    history.counters.crashed = 1;
  },
  'leftovers: a lock is left': (history) => {
    history.keysLeft.push('l');
  },
  'leftovers: edges of an execution that is not listed are left': (history) => {
    history.keysLeft.push('ed:gone');
  },
  'remains: health names a problem': (history) => {
    history.problems.push('a duty has failed twice in a row');
  },
};

describe('the checkers of campaigns', () => {
  it('find nothing in a history without a fault', () => {
    expect(check(clean(), [...RULES, ...Object.values(OTHERS)])).toEqual([]);
  });

  it.each(Object.keys(PLANTED))('%s', (name) => {
    const history = clean();
    PLANTED[name]!(history);
    const rule = name.split(':')[0]!;
    const other = OTHERS[rule];
    expect(rulesOf(history, other ? [other] : RULES)).toEqual([rule]);
  });

  it('each have a fault that they find', () => {
    const named = new Set(Object.keys(PLANTED).map((name) => name.split(':')[0]));
    expect([...RULES, ...Object.values(OTHERS)].map(({ name }) => name).filter((name) => !named.has(name))).toEqual([]);
  });

  it('accept a loss of what was acknowledged while the server could lose it', () => {
    const history = clean();
    history.losses.push({ from: 10n, to: 20n });
    history.acknowledged.push({ executionId: 'gone', kind: 'plain', call: { from: 19n, to: 30n } });
    expect(check(history, [losses])).toEqual([]);
  });

  it('accept that what crashed three times has failed, and that its dependents are skipped', () => {
    const history = clean();
    put(history, 'root', {
      status: 'FAILED',
      reason: 'WORKER_LOST',
      attempts: [crash, crash, crash],
    });
    put(history, 'node', { status: 'SKIPPED' });
    history.counters.skipped = 2;
    history.counters.crashed = 3;
    expect(check(history)).toEqual([]);
  });
});

describe('the time until the runs of killed workers start again', () => {
  const seconds = (s: number): bigint => BigInt(s) * 1_000_000_000n;
  const lost = { outcome: 'WORKER_LOST' as const, workerId: 'dead' };

  /** `held` ran under its lock in a worker that was killed at 1 s, and starts again at `at`; `ledger` happens meanwhile. */
  function killed(at: number, ...ledger: Entry[]): Parts {
    const history = clean();
    put(history, 'held', { attempts: [lost, run] });
    history.kills.push({ workerId: 'dead', pid: 9, ns: seconds(1) });
    const again = [entry('lock:1', 'held', 20), entry('start', 'held', 2)].map((each) => ({
      ...each,
      ns: seconds(at),
    }));
    history.ledger.push(...ledger, ...again);
    return history;
  }
  const at = (s: number, what: string, id: string, pid = 1): Entry => entry(what, id, 10, { pid, ns: seconds(s) });

  it('counts from the kill', () => {
    const { restarts, behindLocks } = recovery(killed(17));
    expect(restarts).toMatchObject({ count: 1, most: 16_000 });
    expect(behindLocks).toBeNull();
    expect(check(killed(17), [recoversWithin(16_000)])).toEqual([]);
    expect(rulesOf(killed(17), [recoversWithin(15_999)])).toEqual(['recovery']);
  });

  it('does not count how long others hold its lock, to which it goes first', () => {
    const history = killed(
      36,
      at(16, 'lock:1', 'next'),
      at(26, 'end', 'next'),
      at(27, 'lock:1', 'handle'),
      at(35, 'end', 'handle'),
    );
    expect(recovery(history)).toMatchObject({ restarts: { most: 15_000 }, behindLocks: { count: 1, most: 35_000 } });
  });

  it('counts the time in which nobody holds it', () => {
    const history = killed(36, at(11, 'lock:1', 'next'), at(12, 'end', 'next'));
    expect(recovery(history)).toMatchObject({ restarts: { most: 24_000 } });
  });

  it('counts anew from the kill of another holder, also of one that has not begun', () => {
    const begun = killed(36, at(16, 'lock:1', 'next', 8));
    begun.kills.push({ workerId: 'dead too', pid: 8, ns: seconds(20) });
    expect(recovery(begun)).toMatchObject({ restarts: { most: 16_000 } });
    const claimed = killed(36);
    claimed.kills.push({ workerId: 'dead too', pid: 8, ns: seconds(20) });
    put(claimed, 'next', { attempts: [{ ...lost, workerId: 'dead too' }, run] });
    expect(recovery(claimed)).toMatchObject({ restarts: { most: 19_000 } });
  });

  it('does not let locks of others count', () => {
    const history = killed(36, at(16, 'lock:2', 'next'), at(35, 'end', 'next'));
    expect(recovery(history)).toMatchObject({ restarts: { most: 35_000 }, behindLocks: null });
  });
});
