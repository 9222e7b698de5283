import type { Settlement } from '../../core/commands.js';
import type { Effect, ExecutionEffect } from '../../core/effects.js';
import { START_WITHIN_MS } from '../../core/limits.js';
import type { Claim } from '../records.js';
import type { ExchangeReply, ExchangeRequest, Settled } from '../task-store.js';
import { APPLIED, DEFERRED, EACH_SEGMENT, MEMBER_SEGMENT, SIMPLE_RUN, SIMPLE_SEGMENT, STALE } from './codec/codes.js';
import { claimOf, simpleClaim, dependentsOf, type UpstreamResults } from './codec/executions.js';
import { packSettlement } from './codec/settlements.js';
import type { ScriptArgument } from './connection/redis-connection.js';

/** A run that this process has claimed, with the data that its settlement and its events need. */
interface ClaimedRun {
  workerId: string;
  claim: Claim;
  /** The entry of a simple run in the store; null: it is not simple. */
  simpleEntry: string | null;
  /** Of a member of a compact workflow, see `dependentsOf`; else null. */
  dependents: string | null;
}

interface SimpleRun extends ClaimedRun {
  simpleEntry: string;
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
  emitted: number,
  /** For each claim: id, next edge, results. See budget.lua. */
  upstreams: (string | number | (string | null)[])[],
];

const SETTLED: Readonly<Record<string, Settled>> = { [APPLIED]: 'applied', [STALE]: 'stale', [DEFERRED]: 'deferred' };

/**
 * Maximum characters of the result in a compact settlement: whether the edges of a compact member are satisfied is read from
 * the states of its upstreams.
 */
const MAX_COMPACT_RESULT = 4096;

/** Encodes the exchanges of this process's workers, and remembers their runs so that most settlements are short. */
export class ExchangePacker {
  private readonly runs = new Map<string, ClaimedRun>();
  /** Sequence number of the newest reply, by worker and pipeline. */
  private readonly newestReplies = new Map<string, number[]>();
  /** Exchanges without a reply, by worker and pipeline; `since` is the store's time when they were sent. */
  private readonly inFlight = new Map<string, Map<number, { sequence: number; since: number }>>();

  /** @returns the arguments of an exchange, and for each settlement its run, if it is known here */
  pack(
    request: ExchangeRequest,
    now: number | null = null,
  ): { args: ScriptArgument[]; ended: readonly (ClaimedRun | undefined)[] } {
    const {
      workerId,
      pipeline,
      sequence,
      demand,
      reserved = [],
      capacity = {},
      prefetch = 0,
      dispatchSlots = 0,
      startWithin = START_WITHIN_MS,
    } = request;
    const hasOptions = reserved.length > 0 || Object.keys(capacity).length > 0;
    const options = hasOptions ? JSON.stringify({ reserved, capacity }) : '';
    if (now !== null) this.recordRequest(workerId, pipeline, sequence, now);
    const lastSeenReply = this.newestReplies.get(workerId)?.[pipeline] ?? 0;
    const args: ScriptArgument[] = [
      workerId,
      pipeline,
      sequence,
      demand,
      `${dispatchSlots}|${prefetch}|${startWithin}`,
      options,
      lastSeenReply,
      0,
    ];
    const ended: (ClaimedRun | undefined)[] = [];
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
   * Decodes the reply, and remembers the claims.
   * @param ended the runs that the request ends; deferred ones are remembered again
   */
  unpack(
    { workerId, pipeline, sequence, settlements }: ExchangeRequest,
    reply: ExchangeScriptReply,
    ended: readonly (ClaimedRun | undefined)[],
  ): ExchangeReply {
    const [known, now, more, settled, simpleNumber, simple, others] = reply;
    if (known === 0) this.forget(workerId);
    else this.recordReply(workerId, pipeline, sequence);
    const entry = `${SIMPLE_RUN}${now}|${simpleNumber}`;
    const upstreams = upstreamResultsOf(reply[9]);
    const claims: Claim[] = [];
    for (let i = 0; i < simple.length; i += 2) {
      const claim = simpleClaim(simple[i]!, simple[i + 1]!, now, upstreams.get(simple[i]!));
      this.remember(workerId, claim, simple[i + 1]!, entry);
      claims.push(claim);
    }
    for (let i = 0; i < others.length; i += 3) {
      const { claim, no, isSimple } = claimOf(
        others[i]!,
        others[i + 1]!,
        now,
        others[i + 2]!,
        upstreams.get(others[i]!),
      );
      this.remember(workerId, claim, others[i + 1]!, isSimple ? `${SIMPLE_RUN}${now}|${no}` : null);
      claims.push(claim);
    }
    ended.forEach((run, i) => {
      if (run !== undefined && settled[i] === DEFERRED) this.runs.set(run.claim.executionId, run);
    });
    return {
      known: known === 1,
      // An exchange that arrives after a newer one of its pipeline settles nothing.
      settled: settlements.map((_, i) => SETTLED[settled[i] ?? STALE] ?? 'stale'),
      claims,
      more: more === 1,
    };
  }

  /** @param entry the entry of a simple run in the store; null: it is not simple */
  remember(workerId: string, claim: Claim, record: string, entry: string | null): void {
    const dependents = claim.workflowId === null ? null : dependentsOf(record, claim.workflowId);
    // A workflow member is simple only if its workflow is compact.
    const simpleEntry = claim.workflowId !== null && dependents === null ? null : entry;
    this.runs.set(claim.executionId, { workerId, simpleEntry, dependents, claim });
  }

  /** Forgets the runs of a worker. */
  forget(workerId: string): void {
    for (const [id, run] of this.runs) if (run.workerId === workerId) this.runs.delete(id);
    this.newestReplies.delete(workerId);
    this.inFlight.delete(workerId);
  }

  private recordReply(workerId: string, pipeline: number, sequence: number): void {
    let replies = this.newestReplies.get(workerId);
    if (!replies) this.newestReplies.set(workerId, (replies = []));
    replies[pipeline] = sequence;
    this.inFlight.get(workerId)?.delete(pipeline);
  }

  private recordRequest(workerId: string, pipeline: number, sequence: number, since: number): void {
    let requests = this.inFlight.get(workerId);
    if (!requests) this.inFlight.set(workerId, (requests = new Map<number, { sequence: number; since: number }>()));
    if (requests.get(pipeline)?.sequence !== sequence) requests.set(pipeline, { sequence, since });
  }

  /** The store's time before which the worker has received all its claims. */
  claimsKnownUntil(workerId: string, now: number): number {
    let until = now;
    for (const { since } of this.inFlight.get(workerId)?.values() ?? []) until = Math.min(until, since);
    return until;
  }

  /** Removes and returns the consecutive simple runs from `at` on that complete. */
  private simpleRuns(workerId: string, settlements: readonly Settlement[], at: number): SimpleRun[] {
    const found: SimpleRun[] = [];
    for (let i = at; i < settlements.length; i++) {
      const { executionId } = settlements[i]!;
      const run = this.runs.get(executionId);
      if (!endsSimply(run, workerId, settlements[i]!)) break;
      if (found.length > 0 && segmentOf(found[0]!) !== segmentOf(run)) break;
      this.runs.delete(executionId);
      found.push(run);
    }
    return found;
  }

  /** Packs settlements up to the next simple run. @returns the run of each, if it is known */
  private packOthers(
    args: ScriptArgument[],
    workerId: string,
    settlements: readonly Settlement[],
    at: number,
  ): (ClaimedRun | undefined)[] {
    const countAt = args.push(EACH_SEGMENT, 0) - 1;
    const ended: (ClaimedRun | undefined)[] = [];
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

function upstreamResultsOf(flat: ExchangeScriptReply[9]): ReadonlyMap<string, UpstreamResults> {
  const results = new Map<string, UpstreamResults>();
  for (let i = 0; i < flat.length; i += 3)
    results.set(flat[i] as string, { nextEdge: Number(flat[i + 1]), flat: flat[i + 2] as (string | null)[] });
  return results;
}

/** Whether a simple run of the worker completes. */
function endsSimply(
  run: ClaimedRun | undefined,
  workerId: string,
  { kind, leaseToken, result }: Settlement,
): run is SimpleRun {
  if (kind !== 'complete' || run === undefined || run.simpleEntry === null || run.workerId !== workerId) return false;
  const isCompact = run.dependents === null || (result?.length ?? 0) <= MAX_COMPACT_RESULT;
  return isCompact && run.claim.leaseToken === leaseToken;
}

/** The name of its segment in the arguments of the script. */
function segmentOf({ dependents }: SimpleRun): string {
  return dependents === null ? SIMPLE_SEGMENT : MEMBER_SEGMENT;
}

/** Packs a segment: consecutive runs of one claim share an entry. */
function packSimple(args: ScriptArgument[], runs: readonly SimpleRun[], results: readonly string[]): void {
  const entries: ScriptArgument[] = [];
  let entry = '';
  let count = 0;
  for (const run of runs) {
    if (run.simpleEntry === entry) count++;
    else {
      if (count > 0) entries.push(entry, count);
      entry = run.simpleEntry;
      count = 1;
    }
  }
  entries.push(entry, count);
  const hasResults = results.some((text) => text !== '');
  args.push(segmentOf(runs[0]!), runs.length, hasResults ? 1 : 0, entries.length / 2);
  for (const each of entries) args.push(each);
  for (const { claim } of runs) args.push(claim.executionId);
  for (const { dependents } of runs) if (dependents !== null) args.push(dependents);
  if (hasResults) for (const text of results) args.push(text);
}

/** The effects of known runs that completed; the store leaves them to the process that has their data. */
export function endedEffects(
  settlements: readonly Settlement[],
  ended: readonly (ClaimedRun | undefined)[],
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
      result: result || null,
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
