import { describe, expect, it } from '@jest/globals';
import type { Entry } from '../cluster/fixtures/fleet.js';
import { ALWAYS, check, exclusion } from './fixtures/checkers.js';
import type { Acknowledged, Execution, History } from './fixtures/history.js';

const run = { outcome: 'COMPLETED', workerId: 'w1' };
const crash = { outcome: 'WORKER_LOST', workerId: 'w1' };

const execution = (executionId: string, more: Partial<Execution> = {}): Execution => ({
  ...{ executionId, taskId: 'work', status: 'COMPLETED', reason: null, retryCount: 0, attempts: [run] },
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
    { executionId: 'delayed', kind: 'delayed', notBefore: 10_000 },
    { executionId: 'root', kind: 'node' },
    { executionId: 'node', kind: 'node', upstreams: ['root'] },
    { executionId: 'skipped', kind: 'skipped', upstreams: ['doomed'] },
  ];
  const executions = [
    ...['plain', 'held', 'next', 'keyed', 'delayed', 'root', 'node'].map((id) => execution(id)),
    execution('doomed', { status: 'FAILED', retryCount: 2, attempts: [run, run, run] }),
    execution('skipped', { status: 'SKIPPED', attempts: [] }),
    execution('cron:s:1000'),
    execution('cron:s:2000'),
  ];
  const ledger = [
    ...['plain', 'keyed', 'delayed', 'root', 'node', 'cron:s:1000', 'cron:s:2000'].flatMap(ran),
    ...[1, 2, 3].map((number) => entry('start', 'doomed', number)),
    ...[entry('lock:1', 'held', 7), ...ran('held'), entry('lock:1', 'next', 8), ...ran('next')],
  ];
  const counters = { scheduled: 11, completed: 9, failed: 1, cancelled: 0, skipped: 1, crashed: 0 };
  return {
    ...{ acknowledged, executions, ledger, counters, schedules: ['s'] },
    ...{ leftRunning: { 'run:w1': 0 }, failedScripts: 0, problems: [] as string[] },
  };
}

type Parts = ReturnType<typeof clean>;
const rulesOf = (history: History): string[] => [
  ...new Set(check(history, [...ALWAYS, exclusion]).map(({ rule }) => rule)),
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

/** What each rule must see: a history that breaks it and no other. */
const PLANTED: Record<string, (history: Parts) => void> = {
  'lost: an acknowledged execution is not listed': (history) => {
    history.acknowledged.push({ executionId: 'gone', kind: 'plain' });
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
  'repeats: one run has two effects': (history) => {
    history.ledger.push(entry('start', 'plain', 1, { pid: 2 }));
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
    history.acknowledged[6]!.notBefore = 10_001;
  },
  'ticks: one is missing': (history) => {
    history.executions.push(execution('cron:s:4000'));
    history.ledger.push(...ran('cron:s:4000'));
    history.counters.scheduled++;
    history.counters.completed++;
  },
  'counters: crashes are not counted': (history) => put(history, 'plain', { attempts: [crash, run] }),
  'remains: a run is left in a running set': (history) => {
    history.leftRunning['run:w1'] = 1;
  },
  'remains: a script has failed': (history) => {
    history.failedScripts = 1;
  },
  'remains: health names a problem': (history) => {
    history.problems.push('a duty has failed twice in a row');
  },
};

describe('the checkers of campaigns', () => {
  it('find nothing in a history without a fault', () => {
    expect(check(clean(), [...ALWAYS, exclusion])).toEqual([]);
  });

  it.each(Object.keys(PLANTED))('%s', (name) => {
    const history = clean();
    PLANTED[name]!(history);
    expect(rulesOf(history)).toEqual([name.split(':')[0]]);
  });

  it('each have a fault that they find', () => {
    const named = new Set(Object.keys(PLANTED).map((name) => name.split(':')[0]));
    expect([...ALWAYS, exclusion].map(({ name }) => name).filter((name) => !named.has(name))).toEqual([]);
  });

  it('accept that what crashed three times has failed, and that its dependents are skipped', () => {
    const history = clean();
    put(history, 'root', { status: 'FAILED', reason: 'WORKER_LOST', attempts: [crash, crash, crash] });
    put(history, 'node', { status: 'SKIPPED' });
    history.counters.skipped = 2;
    history.counters.crashed = 3;
    expect(check(history)).toEqual([]);
  });
});
