import type { Settlement, SettlementKind } from '../../core/commands.js';
import type { Effect, ExecutionEffect } from '../../core/effects.js';
import type { Claim } from '../records.js';
import type { ExchangeReply, ExchangeRequest } from '../task-store.js';
import { claimOf, plainClaim } from './codec/executions.js';
import type { ScriptArgument } from './connection/redis-connection.js';

/** A plain run that this process has claimed: what its settlement says of it, and what its events need. */
interface PlainRun {
  workerId: string;
  entry: string;
  claim: Claim;
}

export type ExchangeScriptReply = [
  known: number,
  now: number,
  more: number,
  settled: string,
  plainNo: number,
  plain: string[],
  others: string[],
  effects: string,
  plainSettled: number,
  told: number,
];

const KINDS = { complete: 'c', fail: 'f', retry: 'r', release: 'l', cancel: 'x' } as const satisfies Record<
  SettlementKind,
  string
>;

/** Packs the trips of this process's workers, and remembers what makes most of them short. */
export class ExchangePacker {
  private readonly runs = new Map<string, PlainRun>();

  /** The arguments of a trip, and the plain runs that it ends. */
  pack(request: ExchangeRequest): { args: ScriptArgument[]; ended: readonly PlainRun[]; results: readonly string[] } {
    const { workerId, lane, sequence, want, reserved = [], capacity = {}, handOver = 0 } = request;
    const hasOptions = reserved.length > 0 || Object.keys(capacity).length > 0;
    const options = hasOptions ? JSON.stringify({ reserved, capacity }) : '';
    const args: ScriptArgument[] = [workerId, lane, sequence, want, handOver, options, 0];
    const ended: PlainRun[] = [];
    const results: string[] = [];
    let segments = 0;
    const { settlements } = request;
    for (let at = 0; at < settlements.length; segments++) {
      const runs = this.plainRuns(workerId, settlements, at);
      if (runs.length > 0) {
        const texts = runs.map((_, i) => settlements[at + i]!.result ?? '');
        let started = 0;
        for (const { claim } of runs) started += claim.startedTime;
        args.push('plain', runs.length, started);
        for (const { claim } of runs) args.push(claim.executionId);
        for (const { entry } of runs) args.push(entry);
        for (const text of texts) args.push(text);
        ended.push(...runs);
        results.push(...texts);
        at += runs.length;
      } else {
        at += this.packOthers(args, workerId, settlements, at);
      }
    }
    args[6] = segments;
    return { args, ended, results };
  }

  /** What the reply says, with the plain claims remembered. */
  unpack(workerId: string, reply: ExchangeScriptReply): ExchangeReply {
    const [known, now, more, settled, plainNo, plain, others] = reply;
    const entry = `p${now}|${plainNo}`;
    const claims: Claim[] = [];
    for (let i = 0; i < plain.length; i += 2) {
      const claim = plainClaim(plain[i]!, plain[i + 1]!, now);
      this.remember(workerId, claim, entry);
      claims.push(claim);
    }
    for (let i = 0; i < others.length; i += 3) {
      const { claim, no, isPlain } = claimOf(others[i]!, others[i + 1]!, now, others[i + 2]!);
      if (isPlain) this.remember(workerId, claim, `p${now}|${no}`);
      claims.push(claim);
    }
    return {
      known: known === 1,
      settled: Array.from(settled, (each) => (each === 'a' ? 'applied' : 'stale')),
      claims,
      more: more === 1,
    };
  }

  /** @param entry what stands for the run in the store */
  remember(workerId: string, claim: Claim, entry: string): void {
    this.runs.set(claim.executionId, { workerId, entry, claim });
  }

  /** Runs that are no longer this worker's. */
  forget(workerId: string): void {
    for (const [id, run] of this.runs) if (run.workerId === workerId) this.runs.delete(id);
  }

  /** The plain runs that end well from `at` on, taken from what is remembered. */
  private plainRuns(workerId: string, settlements: readonly Settlement[], at: number): PlainRun[] {
    const found: PlainRun[] = [];
    for (let i = at; i < settlements.length; i++) {
      const { executionId, attempt, kind } = settlements[i]!;
      const run = this.runs.get(executionId);
      if (kind !== 'complete' || run?.claim.attempt !== attempt || run.workerId !== workerId) break;
      this.runs.delete(executionId);
      found.push(run);
    }
    return found;
  }

  /** @returns how many were packed: up to the next one that is plain */
  private packOthers(args: ScriptArgument[], workerId: string, settlements: readonly Settlement[], at: number): number {
    const countAt = args.push('each', 0) - 1;
    let count = 0;
    do {
      const { executionId, attempt, kind, result, error, reason, delay } = settlements[at + count]!;
      const text = result ?? (error === null ? '' : JSON.stringify(error));
      this.runs.delete(executionId);
      args.push(executionId, attempt, KINDS[kind], text, reason ?? '', Math.round(delay));
      count++;
    } while (at + count < settlements.length && !this.isPlain(workerId, settlements[at + count]!));
    args[countAt] = count;
    return count;
  }

  private isPlain(workerId: string, { executionId, attempt, kind }: Settlement): boolean {
    const run = this.runs.get(executionId);
    return kind === 'complete' && run?.claim.attempt === attempt && run.workerId === workerId;
  }
}

/** The effects of plain runs, which the store leaves to the process that knows all about them. */
export function endedEffects(runs: readonly PlainRun[], results: readonly string[], now: number): Effect[] {
  return runs.map(({ claim, workerId }, i) => ({
    ...effectOf(claim, workerId, now),
    transition: 'completed',
    status: 'COMPLETED',
    result: results[i] === '' ? null : results[i]!,
  }));
}

export function startedEffects(claims: readonly Claim[], workerId: string, now: number): Effect[] {
  return claims.map((claim) => effectOf(claim, workerId, now));
}

function effectOf(claim: Claim, workerId: string, time: number): ExecutionEffect {
  const { executionId, taskId, queue, priority } = claim;
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
    workflowId: null,
    result: null,
    error: null,
    reason: null,
  };
}
