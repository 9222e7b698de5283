import type { Settlement } from '../../core/commands.js';
import type { Effect, ExecutionEffect } from '../../core/effects.js';
import type { Claim } from '../records.js';
import type { ExchangeReply, ExchangeRequest, Settled } from '../task-store.js';
import { APPLIED, DEFERRED, EACH_SEGMENT, MEMBER_SEGMENT, SIMPLE_RUN, SIMPLE_SEGMENT, STALE } from './codec/codes.js';
import { claimOf, simpleClaim, tiesOf, type Got } from './codec/executions.js';
import { packSettlement } from './codec/settlements.js';
import type { ScriptArgument } from './connection/redis-connection.js';

/** A run that this process has claimed: what its settlement says of it, and what its events need. */
interface KnownRun {
  workerId: string;
  claim: Claim;
  /** What stands for a simple run in the store; null for one that is not simple. */
  entry: string | null;
  /** Of a compact member of a workflow, see `tiesOf`. */
  ties: string | null;
}

interface SimpleRun extends KnownRun {
  entry: string;
}

export type ExchangeScriptReply = [
  known: number,
  now: number,
  more: number,
  settled: string,
  simpleNumber: number,
  simple: string[],
  others: string[],
  effects: string,
  told: number,
  /** id, edge, results: see budget.lua. */
  got: (string | number | (string | null)[])[],
];

const SETTLED: Readonly<Record<string, Settled>> = { [APPLIED]: 'applied', [STALE]: 'stale', [DEFERRED]: 'deferred' };

/**
 * Characters of a member's result beyond which it ends in the general way: whether the edges of a compact member hold is
 * read from the states of its upstreams.
 */
const MAX_COMPACT_RESULT = 4096;

/** Packs the trips of this process's workers, and remembers what makes most of them short. */
export class ExchangePacker {
  private readonly runs = new Map<string, KnownRun>();
  /** Newest sequence that was answered, by worker and lane. */
  private readonly answered = new Map<string, number[]>();
  /** Trips that are not answered, by worker and lane: since when, by the store's time. */
  private readonly unanswered = new Map<string, Map<number, { sequence: number; since: number }>>();

  /** The arguments of a trip, and the runs that it ends, by the place of their settlement, as far as they are known. */
  pack(
    request: ExchangeRequest,
    now: number | null = null,
  ): { args: ScriptArgument[]; ended: readonly (KnownRun | undefined)[] } {
    const { workerId, lane, sequence, want, reserved = [], capacity = {}, ahead = 0, handOver = 0 } = request;
    const hasOptions = reserved.length > 0 || Object.keys(capacity).length > 0;
    const options = hasOptions ? JSON.stringify({ reserved, capacity }) : '';
    if (now !== null) this.noteSent(workerId, lane, sequence, now);
    const seen = this.answered.get(workerId)?.[lane] ?? 0;
    const args: ScriptArgument[] = [workerId, lane, sequence, want, `${handOver}|${ahead}`, options, seen, 0];
    const ended: (KnownRun | undefined)[] = [];
    let segments = 0;
    const { settlements } = request;
    for (let at = 0; at < settlements.length; segments++) {
      const runs = this.simpleRuns(workerId, settlements, at);
      if (runs.length > 0) {
        const texts = runs.map((_, i) => settlements[at + i]!.result ?? '');
        packSimple(args, runs, texts);
        ended.push(...runs);
        at += runs.length;
      } else {
        const others = this.packOthers(args, workerId, settlements, at);
        ended.push(...others);
        at += others.length;
      }
    }
    args[7] = segments;
    return { args, ended };
  }

  /**
   * What the reply says, with the simple claims remembered.
   * @param ended the runs that the request ends; of those that are deferred is known again what they are
   */
  unpack(
    { workerId, lane, sequence, settlements }: ExchangeRequest,
    reply: ExchangeScriptReply,
    ended: readonly (KnownRun | undefined)[],
  ): ExchangeReply {
    const [known, now, more, settled, simpleNumber, simple, others] = reply;
    if (known === 0) this.forget(workerId);
    else this.noteAnswer(workerId, lane, sequence);
    const entry = `${SIMPLE_RUN}${now}|${simpleNumber}`;
    const got = gotOf(reply[9]);
    const claims: Claim[] = [];
    for (let i = 0; i < simple.length; i += 2) {
      const claim = simpleClaim(simple[i]!, simple[i + 1]!, now, got.get(simple[i]!));
      this.remember(workerId, claim, simple[i + 1]!, entry);
      claims.push(claim);
    }
    for (let i = 0; i < others.length; i += 3) {
      const { claim, no, isSimple } = claimOf(others[i]!, others[i + 1]!, now, others[i + 2]!, got.get(others[i]!));
      this.remember(workerId, claim, others[i + 1]!, isSimple ? `${SIMPLE_RUN}${now}|${no}` : null);
      claims.push(claim);
    }
    ended.forEach((run, i) => {
      if (run !== undefined && settled[i] === DEFERRED) this.runs.set(run.claim.executionId, run);
    });
    return {
      known: known === 1,
      // A trip that arrives behind a newer one of its lane settles nothing.
      settled: settlements.map((_, i) => SETTLED[settled[i] ?? STALE] ?? 'stale'),
      claims,
      more: more === 1,
    };
  }

  /** @param entry what stands for a simple run in the store; null for one that is not simple */
  remember(workerId: string, claim: Claim, record: string, entry: string | null): void {
    const ties = claim.workflowId === null ? null : tiesOf(record, claim.workflowId);
    // A member that is not compact is nothing simple.
    const known = claim.workflowId !== null && ties === null ? null : entry;
    this.runs.set(claim.executionId, { workerId, entry: known, ties, claim });
  }

  /** Runs that are no longer this worker's. */
  forget(workerId: string): void {
    for (const [id, run] of this.runs) if (run.workerId === workerId) this.runs.delete(id);
    this.answered.delete(workerId);
    this.unanswered.delete(workerId);
  }

  private noteAnswer(workerId: string, lane: number, sequence: number): void {
    let answered = this.answered.get(workerId);
    if (!answered) this.answered.set(workerId, (answered = []));
    answered[lane] = sequence;
    this.unanswered.get(workerId)?.delete(lane);
  }

  private noteSent(workerId: string, lane: number, sequence: number, since: number): void {
    let lanes = this.unanswered.get(workerId);
    if (!lanes) this.unanswered.set(workerId, (lanes = new Map<number, { sequence: number; since: number }>()));
    if (lanes.get(lane)?.sequence !== sequence) lanes.set(lane, { sequence, since });
  }

  /** The store's time before which the worker knows of all that it has claimed. */
  knownUntil(workerId: string, now: number): number {
    let until = now;
    for (const { since } of this.unanswered.get(workerId)?.values() ?? []) until = Math.min(until, since);
    return until;
  }

  /** The simple runs that end well from `at` on, taken from what is remembered. */
  private simpleRuns(workerId: string, settlements: readonly Settlement[], at: number): SimpleRun[] {
    const found: SimpleRun[] = [];
    for (let i = at; i < settlements.length; i++) {
      const { executionId } = settlements[i]!;
      const run = this.runs.get(executionId);
      if (!endsSimply(run, workerId, settlements[i]!)) break;
      if (found.length > 0 && kindOf(found[0]!) !== kindOf(run)) break;
      this.runs.delete(executionId);
      found.push(run);
    }
    return found;
  }

  /** @returns the runs that were packed, as far as they are known: up to the next one that is simple */
  private packOthers(
    args: ScriptArgument[],
    workerId: string,
    settlements: readonly Settlement[],
    at: number,
  ): (KnownRun | undefined)[] {
    const countAt = args.push(EACH_SEGMENT, 0) - 1;
    const ended: (KnownRun | undefined)[] = [];
    do {
      const settlement = settlements[at + ended.length]!;
      const run = this.runs.get(settlement.executionId);
      this.runs.delete(settlement.executionId);
      args.push(...packSettlement(settlement, run !== undefined));
      ended.push(run);
    } while (at + ended.length < settlements.length && !this.isSimple(workerId, settlements[at + ended.length]!));
    args[countAt] = ended.length;
    return ended;
  }

  private isSimple(workerId: string, settlement: Settlement): boolean {
    return endsSimply(this.runs.get(settlement.executionId), workerId, settlement);
  }
}

function gotOf(flat: ExchangeScriptReply[9]): ReadonlyMap<string, Got> {
  const got = new Map<string, Got>();
  for (let i = 0; i < flat.length; i += 3)
    got.set(flat[i] as string, { left: Number(flat[i + 1]), flat: flat[i + 2] as (string | null)[] });
  return got;
}

/** Whether the run is simple, is that worker's, and simply succeeds. */
function endsSimply(
  run: KnownRun | undefined,
  workerId: string,
  { kind, leaseToken, result }: Settlement,
): run is SimpleRun {
  if (kind !== 'complete' || run === undefined || run.entry === null || run.workerId !== workerId) return false;
  const isCompact = run.ties === null || (result?.length ?? 0) <= MAX_COMPACT_RESULT;
  return isCompact && run.claim.leaseToken === leaseToken;
}

/** As the script calls the segments. */
function kindOf({ ties }: SimpleRun): string {
  return ties === null ? SIMPLE_SEGMENT : MEMBER_SEGMENT;
}

/** One segment: runs of one claim stand together, under the entry that they share. */
function packSimple(args: ScriptArgument[], runs: readonly SimpleRun[], results: readonly string[]): void {
  const entries: ScriptArgument[] = [];
  let started = 0;
  let entry = '';
  let count = 0;
  for (const run of runs) {
    started += run.claim.startedTime;
    if (run.entry === entry) count++;
    else {
      if (count > 0) entries.push(entry, count);
      entry = run.entry;
      count = 1;
    }
  }
  entries.push(entry, count);
  const hasResults = results.some((text) => text !== '');
  args.push(kindOf(runs[0]!), runs.length, started, hasResults ? 1 : 0, entries.length / 2);
  for (const each of entries) args.push(each);
  for (const { claim } of runs) args.push(claim.executionId);
  for (const { ties } of runs) if (ties !== null) args.push(ties);
  if (hasResults) for (const text of results) args.push(text);
}

/** The ends of known runs that simply succeeded, which the store leaves to the process that knows all about them. */
export function endedEffects(
  settlements: readonly Settlement[],
  ended: readonly (KnownRun | undefined)[],
  settled: ExchangeReply['settled'],
  now: number,
): Effect[] {
  const effects: Effect[] = [];
  ended.forEach((run, i) => {
    const { kind, result } = settlements[i]!;
    if (run === undefined || kind !== 'complete' || settled[i] !== 'applied') return;
    effects.push({
      ...effectOf(run.claim, run.workerId, now),
      transition: 'completed',
      status: 'COMPLETED',
      result: result === '' ? null : result,
    });
  });
  return effects;
}

export function startedEffects(claims: readonly Claim[], workerId: string, now: number): Effect[] {
  return claims.map((claim) => effectOf(claim, workerId, now));
}

function effectOf(claim: Claim, workerId: string, time: number): ExecutionEffect {
  const { executionId, taskId, queue, priority, workflowId } = claim;
  return {
    kind: 'execution',
    transition: 'started',
    executionId,
    taskId,
    status: 'RUNNING',
    queue,
    priority,
    time,
    workerId,
    workflowId,
    result: null,
    error: null,
    reason: null,
  };
}
