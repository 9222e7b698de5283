import type { Entry } from '../../cluster/fixtures/fleet.js';
import { delays, effects, ended, lost, order, outcome, repeats } from '../fixtures/checkers.js';
import type { Acknowledged, History } from '../fixtures/history.js';
import type { Subject, Handler, SingleKind } from './subject.js';

/** Rounds of calls a second: each schedules one of each kind. */
const ROUNDS_PER_SECOND = 8;
/** Every so many of what is plain runs for seconds, so that something is under way whenever a fault strikes. */
const LONG_EVERY = 2;
const LONG_MS = 3_000;
const FAILURES = 2;
const EXPECTED_RUNS: Partial<Record<Acknowledged['kind'], number>> = { retried: FAILURES + 1 };
/** Load before a fault strikes, and after it is over. */
const BEFORE_MS = 4_000;
const AFTER_MS = 5_000;
/** How long what is left may take: longer than any lock or lease of either, twice. */
const DRAIN_MS = 90_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Does harm, and undoes what can be undone. */
export interface TrialFault {
  name: string;
  strike(trial: Trial): Promise<void>;
}

/** What came of one contender under one fault. */
export interface Figures {
  contender: string;
  fault: string;
  acknowledged: number;
  /** Calls that failed. */
  refused: number;
  /** Acknowledged, and not to be found. */
  lost: number;
  /** Not ended 90 s after the end of the load. */
  stuck: number;
  /** More executions than were asked for. */
  extra: number;
  /** Ended otherwise than they must. */
  wrongEnd: number;
  /** Executions with more runs than they need. */
  runAgain: number;
  /** Broken rules of the checkers, beside those above. */
  broken: Record<string, number>;
  /** Of runs that were cut off: ms from the fault to the next run. */
  recoveryMs: { count: number; p50: number; p99: number } | null;
  /** The longest time without a start of any run, ms, from the fault to the end of the load. */
  standstillMs: number;
}

/** Load and one fault, for one contender. */
export class Trial {
  readonly acknowledged: Acknowledged[] = [];
  private refused = 0;
  private called = 0;
  private isOver = false;
  private struckNs = 0n;
  private overNs = 0n;
  private readonly pending = new Set<Promise<unknown>>();

  constructor(
    readonly contender: Subject,
    private readonly fault: TrialFault,
  ) {}

  async run(): Promise<Figures> {
    const load = this.load();
    await sleep(BEFORE_MS);
    this.struckNs = process.hrtime.bigint();
    await this.fault.strike(this);
    await sleep(AFTER_MS);
    this.isOver = true;
    this.overNs = process.hrtime.bigint();
    await load;
    const drainedFrom = performance.now();
    while (performance.now() - drainedFrom < DRAIN_MS && (await this.contender.unfinished()) > 0);
    return this.figures();
  }

  /** Schedules one execution. @returns its id, or null where the call failed */
  async add(kind: SingleKind, handler: Handler, payload: object): Promise<string | null> {
    this.called++;
    const notBefore = kind === 'delayed' ? Date.now() + 700 : 0;
    try {
      const executionId = await this.contender.add(kind, handler, payload);
      this.acknowledged.push({ executionId, kind, notBefore });
      return executionId;
    } catch {
      this.refused++;
      return null;
    }
  }

  /** Resolves once all of these executions have begun; null is one that was refused. */
  async begun(ids: readonly (string | null)[]): Promise<void> {
    const open = new Set(ids);
    open.delete(null);
    while (open.size > 0) {
      await sleep(50);
      for (const { what, id } of this.contender.ledger()) if (what === 'start') open.delete(id);
    }
  }

  private async load(): Promise<void> {
    for (let round = 0; !this.isOver; round++) {
      const next = sleep(1000 / ROUNDS_PER_SECOND);
      const ms = round % LONG_EVERY === 0 ? LONG_MS : 1;
      void this.track(this.add('plain', 'work', { ms }));
      void this.track(this.add('retried', 'work', { ms: 1, failures: FAILURES }));
      void this.track(this.add('delayed', 'work', { ms: 1 }));
      void this.track(this.addFlow());
      await next;
    }
    // A call that is never answered is a call that failed.
    await Promise.race([Promise.all(this.pending), sleep(20_000)]);
    this.refused += this.pending.size;
  }

  private async addFlow(): Promise<void> {
    this.called += 4;
    try {
      const ids = await this.contender.addFlow({ ms: 1 });
      const [parent, children] = [ids.at(-1)!, ids.slice(0, -1)];
      this.acknowledged.push(...children.map((executionId) => ({ executionId, kind: 'node' }) as const));
      this.acknowledged.push({ executionId: parent, kind: 'node', upstreams: children });
    } catch {
      this.refused += 4;
    }
  }

  private track(call: Promise<unknown>): Promise<void> {
    this.pending.add(call);
    return call.then(() => void this.pending.delete(call));
  }

  private async figures(): Promise<Figures> {
    const [executions, ledger] = [await this.contender.executions(), this.contender.ledger()];
    const history = { acknowledged: this.acknowledged, executions, ledger } as unknown as History;
    const count = (checker: typeof lost): number => checker(history).length;
    return {
      contender: this.contender.name,
      fault: this.fault.name,
      acknowledged: this.acknowledged.length,
      refused: this.refused,
      lost: count(lost),
      stuck: count(ended),
      extra: Math.max(0, executions.length - this.called),
      wrongEnd: count(outcome),
      runAgain: this.runAgain(ledger),
      broken: { effects: count(effects), repeats: count(repeats), order: count(order), delays: count(delays) },
      recoveryMs: this.recovery(ledger),
      standstillMs: standstill(ledger, this.struckNs, this.overNs),
    };
  }

  private runAgain(ledger: readonly Entry[]): number {
    const starts = countBy(ledger, 'start');
    return this.acknowledged.filter(({ executionId, kind }) => {
      return (starts.get(executionId) ?? 0) > (EXPECTED_RUNS[kind] ?? 1);
    }).length;
  }

  /** Runs that had begun before the fault, whose execution began again after it though it needs one run only. */
  private recovery(ledger: readonly Entry[]): Figures['recoveryMs'] {
    const single = new Set(
      this.acknowledged.filter(({ kind }) => !EXPECTED_RUNS[kind]).map((each) => each.executionId),
    );
    const before = new Set<string>();
    const waits: number[] = [];
    for (const { what, id, ns } of ledger) {
      if (what !== 'start' || !single.has(id)) continue;
      if (ns < this.struckNs) before.add(id);
      else if (before.delete(id)) waits.push(Number(ns - this.struckNs) / 1e6);
    }
    if (waits.length === 0) return null;
    waits.sort((a, b) => a - b);
    const at = (share: number): number =>
      Math.round(waits[Math.min(waits.length - 1, Math.floor(waits.length * share))]!);
    return { count: waits.length, p50: at(0.5), p99: at(0.99) };
  }
}

function countBy(ledger: readonly Entry[], what: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const entry of ledger) if (entry.what === what) counts.set(entry.id, (counts.get(entry.id) ?? 0) + 1);
  return counts;
}

function standstill(ledger: readonly Entry[], from: bigint, to: bigint): number {
  const starts = ledger.filter(({ what, ns }) => what === 'start' && ns > from && ns < to).map(({ ns }) => ns);
  const all = [from, ...starts, to];
  const gaps = all.slice(1).map((ns, i) => Number(ns - all[i]!) / 1e6);
  return Math.round(gaps.reduce((longest, gap) => Math.max(longest, gap), 0));
}
