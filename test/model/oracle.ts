import type { NewExecution } from '../../libs/scheduler/src/core/commands.js';
import type { Effect, ExecutionEffect, ExecutionTransition } from '../../libs/scheduler/src/core/effects.js';
import { MAX_CRASHES } from '../../libs/scheduler/src/core/limits.js';
import { isAllowed, type Verb } from '../../libs/scheduler/src/core/state-machine.js';
import type { Claim } from '../../libs/scheduler/src/store/records.js';
import { LockModel } from './lock-model.js';
import { TtlModel } from './ttl-model.js';
import type { Reference, RefExecution } from './reference.js';
import { violated } from './violation.js';

/** The possible effects of one command; each reported effect must follow from it, or from time and dependencies. */
export interface Scope {
  now: number;
  submitted?: readonly NewExecution[];
  /** Transitions that must be reported, each once. */
  owed?: Map<string, ExecutionTransition>;
  /** Delays of the retries in this command. */
  retryDelays?: Map<string, number>;
  claims?: readonly Claim[];
  claimedBy?: { workerId: string; queues: readonly string[] };
  reopening?: string;
  /** Workers whose lease has expired, so their runs may be rescued. */
  lostWorkers?: ReadonlySet<string>;
  /** Of an owner whose handle is being acquired. */
  handleTtl?: number;
  /** An owner whose handle is being released. */
  unlocking?: string;
}

export const VERBS_OF: Record<ExecutionTransition, readonly Verb[]> = {
  scheduled: ['enqueue'],
  started: ['claim'],
  completed: ['complete'],
  failed: ['fail', 'rescue', 'expire'],
  retrying: ['retry'],
  released: ['release'],
  rescued: ['rescue'],
  cancelled: ['cancel', 'finalizeCancel'],
  skipped: ['skip'],
  reopened: ['reopen'],
  cancelRequested: ['cancel'],
};

const ENDS = new Set<ExecutionTransition>(['completed', 'failed', 'cancelled', 'skipped']);

/** Receives every effect, and checks each transition against the reference before it applies it. */
export class Oracle {
  readonly counts = new Map<ExecutionTransition | 'stale' | 'lockTimeouts' | 'crashed', number>();
  readonly locks = new LockModel();
  private readonly ttls = new TtlModel();
  /** Parked executions that have started, in their earlier state: the next waiter is known when the queues have been read. */
  readonly taken: RefExecution[] = [];
  private scope: Scope = { now: 0 };
  private claimed: string[] = [];
  private reopened = new Set<string>();

  constructor(readonly reference: Reference) {}

  hear(effects: readonly Effect[], scope: Scope): void {
    this.scope = scope;
    this.reference.callNo++;
    this.reference.expect(scope.submitted ?? []);
    this.claimed = [];
    this.reopened = new Set();
    const root = scope.reopening === undefined ? null : this.reference.get(scope.reopening);
    const comingBack = root && this.reference.skippedBecauseOf(root);
    for (const effect of effects) {
      if (effect.kind === 'execution') this.hearExecution(effect, comingBack);
      else if (effect.kind === 'lock') this.hearLock(effect);
      else if (effect.kind === 'stale') this.count('stale');
    }
    for (const [id, transition] of scope.owed ?? [])
      violated('I3', `${id} was to be ${transition}, and was not reported so`);
    for (const id of comingBack ?? []) {
      if (!this.reopened.has(id))
        violated('I8', `${id} was SKIPPED solely because of ${root!.id}, and did not come back`);
    }
    this.checkClaims();
  }

  private hearExecution(effect: ExecutionEffect, comingBack: ReadonlySet<string> | null): void {
    const { transition, executionId: id } = effect;
    const known = this.reference.executions.get(id);
    const from = known?.status ?? 'NEW';
    if (!VERBS_OF[transition].some((verb) => isAllowed(verb, from, effect.status))) {
      violated('I3', `${id}: ${from} -> ${effect.status} (${transition}) is no transition`);
    }
    this.count(transition);
    const owed = this.scope.owed?.get(id) === transition;
    if (owed) this.scope.owed!.delete(id);
    const execution = known ?? this.introduce(effect);
    this.follow(execution, effect, owed, comingBack);
    if (ENDS.has(transition)) this.reference.end(execution, effect.status, effect.time);
  }

  /** I1: only submitted executions are created. */
  private introduce(effect: ExecutionEffect): RefExecution {
    const command = this.scope.submitted?.find((each) => each.executionId === effect.executionId);
    if (!command) violated('I1', `nobody submitted ${effect.executionId}`);
    const execution = this.reference.add(command, effect.time);
    this.ttls.add(execution, command.ttl, effect.time);
    return execution;
  }

  private follow(
    e: RefExecution,
    effect: ExecutionEffect,
    owed: boolean,
    comingBack: ReadonlySet<string> | null,
  ): void {
    switch (effect.transition) {
      case 'scheduled':
        return;
      case 'started':
        return this.start(e, effect);
      case 'failed':
        return this.fail(e, effect, owed);
      case 'retrying':
        if (!owed) violated('I3', `${e.id} is RETRYING, and no worker said so`);
        if (effect.reason === 'SNOOZED') e.snoozes++;
        else e.failures++;
        return this.stop(e, 'RETRYING', effect.time + this.scope.retryDelays!.get(e.id)!);
      case 'released':
        if (!owed) violated('I3', `${e.id} was released, and no worker said so`);
        e.run--;
        return this.putBack(e);
      case 'rescued':
        this.crash(e);
        return this.putBack(e);
      case 'cancelled':
        return this.cancel(e, owed);
      case 'skipped':
        return this.skip(e, effect);
      case 'reopened':
        return this.reopen(e, effect.time, owed, comingBack);
      default:
        if (!owed) violated('I3', `${e.id} is ${effect.transition}, and nobody asked for it`);
    }
  }

  private start(e: RefExecution, effect: ExecutionEffect): void {
    const { claimedBy, now } = this.scope;
    if (!claimedBy) violated('I3', `${e.id} started without a claim`);
    if (effect.workerId !== claimedBy.workerId) violated('I3', `${e.id} started on ${effect.workerId}`);
    if (e.dueAt > now) violated('I12', `${e.id} started ${e.dueAt - now} ms early`);
    const open = e.edges.find((edge) => edge.state !== 'held');
    if (open) violated('I7', `${e.id} started while its edge ${open.ref} on ${open.upstream} is ${open.state}`);
    if (this.reference.pausedQueues.has(e.queue)) violated('I9', `${e.id} started from the paused queue ${e.queue}`);
    if (!claimedBy.queues.includes(e.queue))
      violated('I9', `${e.id} started from a queue that the worker does not serve`);
    if (e.parkedSince !== null) this.taken.push({ ...e });
    if (e.lock) this.checkReservation(e, now);
    this.ttls.start(e, now);
    e.status = 'RUNNING';
    e.workerId = effect.workerId;
    e.run++;
    e.claimNo = ++this.reference.claims;
    this.reference.leaveQueue(e);
    this.claimed.push(e.id);
  }

  /**
   * The first of those parked on a lock is next: by priority, then by order of parking. One that was overtaken has left its
   * line because it became ready, or another of its line has.
   */
  checkBestWaiter(e: RefExecution): void {
    for (const other of this.reference.executions.values()) {
      if (other.id === e.id || other.parkedSince === null || other.lock?.key !== e.lock?.key) continue;
      if (other.parkedSince === this.reference.step) continue;
      if (this.reference.calledFor(e.lock!.key).some((each) => this.reference.isSameLine(each, other))) continue;
      const better =
        other.priority < e.priority || (other.priority === e.priority && other.parkedSince < e.parkedSince!);
      if (better) violated('I9', `lock ${e.lock?.key} went to ${e.id}, and ${other.id} was the better waiter`);
    }
  }

  /** A free lock that is reserved goes to another only if that has waited as well and comes before. */
  private checkReservation(e: RefExecution, now: number): void {
    const place = e.parkedSince ?? e.called?.parkedSince ?? Number.POSITIVE_INFINITY;
    for (const other of this.reference.calledFor(e.lock!.key)) {
      if (other === e) continue;
      const isBefore =
        place < Number.POSITIVE_INFINITY &&
        (e.priority < other.priority || (e.priority === other.priority && place <= other.called!.parkedSince));
      if (!isBefore && this.reference.isReservedFor(other, now))
        violated('I9', `${e.id} took the lock ${e.lock!.key}, which is reserved for ${other.id}`);
      other.called!.isReserved = false;
    }
  }

  private fail(e: RefExecution, effect: ExecutionEffect, owed: boolean): void {
    if (effect.reason === 'LOCK_TIMEOUT') {
      this.count('lockTimeouts');
      const maxWait = e.lock?.maxWait ?? Number.POSITIVE_INFINITY;
      if (effect.time < e.createdAt + maxWait)
        violated('I12', `${e.id} has waited less than ${maxWait} ms for its lock`);
    } else if (effect.reason === 'EXPIRED') {
      this.ttls.expire(e, effect.time);
    } else if (effect.reason === 'WORKER_LOST') {
      this.crash(e);
      if (e.crashes < MAX_CRASHES) violated('I4', `${e.id} ended at its crash number ${e.crashes}`);
    } else if (!owed) {
      violated('I3', `${e.id} FAILED, and no worker said so`);
    }
  }

  private crash(e: RefExecution): void {
    e.crashes++;
    this.count('crashed');
    if (!this.scope.lostWorkers?.has(e.workerId!))
      violated('I6', `${e.id} was taken from ${e.workerId}, which is alive`);
    if (e.crashes > MAX_CRASHES) violated('I4', `${e.id} crashed ${e.crashes} times`);
  }

  private cancel(e: RefExecution, owed: boolean): void {
    const rescued = e.status === 'RUNNING' && this.scope.lostWorkers?.has(e.workerId!) === true;
    const graceOver = e.cancelDeadline !== null && this.scope.now >= e.cancelDeadline;
    if (!owed && !graceOver && !(rescued && e.cancelDeadline !== null)) {
      violated('I17', `${e.id} is CANCELLED, and nobody asked for it`);
    }
  }

  private skip(e: RefExecution, effect: ExecutionEffect): void {
    e.reason = effect.reason;
    if (effect.reason === 'OVERLAP' || effect.reason === 'MISFIRED') return;
    const holds =
      effect.reason === 'DEPENDENCY_TIMEOUT'
        ? this.reference.timeOut(e, effect.time)
        : e.edges.some((edge) => edge.state === 'broken');
    if (!holds) violated('I8', `${e.id} is SKIPPED / ${effect.reason}, and no edge of it is so`);
  }

  private reopen(e: RefExecution, now: number, owed: boolean, comingBack: ReadonlySet<string> | null): void {
    if (!owed && !comingBack?.has(e.id))
      violated('I8', `${e.id} came back, and was not SKIPPED solely because of another`);
    this.reopened.add(e.id);
    this.reference.reopen(e, now);
    this.ttls.reopen(e, now);
  }

  private stop(e: RefExecution, status: 'PENDING' | 'RETRYING', dueAt: number): void {
    e.status = status;
    e.workerId = null;
    e.dueAt = dueAt;
    e.cause = dueAt > this.scope.now ? this.reference.timed(e) : this.reference.unordered(e);
  }

  private putBack(e: RefExecution): void {
    const cause = `back from ${e.workerId}`;
    this.stop(e, 'PENDING', e.dueAt);
    e.cause = { batch: -this.reference.step, cause, sub: e.claimNo };
  }

  /** The reply and the effects are equal; I4: run numbers without gaps, tokens that only grow. */
  private checkClaims(): void {
    const { claims = [] } = this.scope;
    const replied = claims.map((claim) => claim.executionId);
    if (new Set(replied).size !== replied.length)
      violated('I3', `one claim hands over an execution twice: ${replied.join()}`);
    if ([...replied].sort().join() !== [...this.claimed].sort().join()) {
      violated('I3', `claimed ${replied.join()}, reported as started ${this.claimed.join()}`);
    }
    for (const claim of claims) {
      const e = this.reference.get(claim.executionId);
      if (claim.run !== e.run) violated('I4', `${e.id}: run ${claim.run} where ${e.run} was next`);
      if (claim.failures !== e.failures)
        violated('I4', `${e.id}: ${claim.failures} failures where there were ${e.failures}`);
      if (claim.snoozes !== e.snoozes)
        violated('I4', `${e.id}: ${claim.snoozes} snoozes where there were ${e.snoozes}`);
      if (claim.leaseToken <= e.leaseToken) violated('I4', `${e.id}: token ${claim.leaseToken} after ${e.leaseToken}`);
      e.leaseToken = claim.leaseToken;
      e.fencingToken = claim.fencingToken;
      const token = this.locks.holders.get(e.lock?.key ?? '');
      if (e.lock && (token?.owner !== e.id || token.fencingToken !== claim.fencingToken)) {
        violated('I11', `${e.id} runs with token ${claim.fencingToken}, and the lock is held by ${token?.owner}`);
      }
    }
  }

  private hearLock(effect: Extract<Effect, { kind: 'lock' }>): void {
    const isHandle = !this.reference.executions.has(effect.owner);
    if (isHandle && effect.transition === 'released' && this.scope.unlocking !== effect.owner) {
      violated('I11', `lock ${effect.key} was released by ${effect.owner}, who did not ask for it`);
    }
    if (isHandle && effect.transition === 'granted') {
      for (const e of this.reference.calledFor(effect.key)) {
        if (this.reference.isReservedFor(e, effect.time))
          violated('I9', `${effect.owner} was given ${effect.key}, which is reserved for ${e.id}`);
        e.called!.isReserved = false;
      }
    }
    this.locks.hear(effect, this.ttlOf(effect.key, effect.owner));
  }

  /** The minimum duration of a lock that is granted to this owner. */
  private ttlOf(key: string, owner: string): number {
    const wait = this.locks.waits.get(key)?.get(owner);
    return this.reference.executions.get(owner)?.lock?.timeout ?? wait?.ttl ?? this.scope.handleTtl ?? 0;
  }

  private count(what: ExecutionTransition | 'stale' | 'lockTimeouts' | 'crashed'): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}
