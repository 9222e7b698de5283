import { isDeepStrictEqual } from 'node:util';
import type { RunToken, Settlement } from '../../libs/scheduler/src/core/commands.js';
import type { ExecutionTransition } from '../../libs/scheduler/src/core/effects.js';
import { PROMOTE_PER_STEP, SUSPECT_CRASHES } from '../../libs/scheduler/src/core/limits.js';
import type { ResultsPage } from '../../libs/scheduler/src/store/records.js';
import type { ExchangeReply } from '../../libs/scheduler/src/store/task-store.js';
import { LEASE, settlementOf } from '../contract/fixtures.js';
import { steps } from '../contract/store-fixture.js';
import type { Command } from './commands.js';
import type { Workers, WorkerState } from './workers.js';
import { compareReady, type RefExecution } from './reference.js';
import { ALL, LOCK_TTL } from './config.js';
import type { Harness } from './harness.js';
import { violated } from './violation.js';

/** A suspect of crashes: a worker runs one at a time, and others keep their position. */
const isSuspect = (e: RefExecution): boolean => e.crashes >= SUSPECT_CRASHES;

/** What workers do: claim, settle, repeat requests, send heartbeats, crash and deregister. */
export class WorkerActions {
  constructor(
    private readonly harness: Harness,
    private readonly workers: Workers,
  ) {}

  /** One exchange: what is settled, what may be claimed, and in which order. */
  async exchange(
    member: WorkerState,
    settlements: readonly Settlement[],
    demand: number,
    delay: number,
  ): Promise<ExchangeReply> {
    const before = [...this.harness.reference.executions.values()].map((e) => ({ ...e }));
    const expected = this.expectSettled(member, settlements);
    const retryDelays = new Map(settlements.map((each) => [each.executionId, delay]));
    const reply = await this.harness.call(
      ({ claims }: ExchangeReply) => ({
        now: this.harness.now,
        owed: expected.owed,
        retryDelays,
        claims,
        claimedBy: { workerId: member.worker.id, queues: member.queues },
      }),
      () => member.worker.exchange({ settlements, demand }),
    );
    member.contact = this.harness.now;
    member.lastReply = reply;
    if (reply.settled.join() !== expected.settled.join()) {
      violated('I16', `settled ${reply.settled.join()}, where tokens say ${expected.settled.join()}`);
    }
    if (reply.claims.length > demand) violated('I9', `${reply.claims.length} claims where ${demand} were wanted`);
    await this.checkClaimOrder(member, before, reply, demand);
    await this.harness.inspector.followQueues(this.harness.now);
    return reply;
  }

  /** What each settlement must come to, by its token alone. */
  private expectSettled(member: WorkerState, settlements: readonly Settlement[]) {
    const owed = new Map<string, ExecutionTransition>();
    const settled = settlements.map(({ executionId, leaseToken, kind }) => {
      const e = this.harness.reference.executions.get(executionId);
      const mine = e?.status === 'RUNNING' && e.workerId === member.worker.id && e.leaseToken === leaseToken;
      if (!mine || owed.has(executionId)) return 'stale';
      const transitions = {
        complete: 'completed',
        fail: 'failed',
        retry: 'retrying',
        snooze: 'retrying',
        release: 'released',
        cancel: 'cancelled',
      } as const;
      owed.set(executionId, e.cancelDeadline !== null && kind !== 'complete' ? 'cancelled' : transitions[kind]);
      return 'applied';
    });
    return { owed, settled };
  }

  /** I9: no execution that was ready before, and still is, precedes a claimed one; no slot stays free for it. */
  private async checkClaimOrder(
    member: WorkerState,
    before: RefExecution[],
    reply: ExchangeReply,
    demand: number,
  ): Promise<void> {
    const queued = new Set<string>();
    for (const queue of member.queues) for (const id of await this.harness.store.peekQueue(queue, ALL)) queued.add(id);
    const was = new Map(before.map((e) => [e.id, e]));
    const claimed = reply.claims.map((claim) => was.get(claim.executionId)!);
    const left = before.filter((e) => e.ready && queued.has(e.id) && !this.harness.reference.pausedQueues.has(e.queue));
    const ids = new Set(claimed.map((e) => e.id));
    let hasSuspect = this.runsOf(member).some((e) => isSuspect(e) && !ids.has(e.id));
    const mayStart = (e: RefExecution) => !(hasSuspect && isSuspect(e));
    for (const [i, e] of claimed.entries()) {
      const passed = [...left, ...claimed.slice(i + 1)].find((other) => mayStart(other) && compareReady(other, e) < 0);
      if (passed) violated('I9', `${e.id} was claimed before ${passed.id}`);
      if (!mayStart(e)) violated('I4', `${e.id}, which has crashed twice, started beside another such`);
      hasSuspect ||= isSuspect(e);
    }
    const idle = left.find(mayStart);
    if (claimed.length < demand && !reply.more && idle) {
      violated('I15', `${idle.id} is ready, ${member.worker.id} has a free slot and was not given it`);
    }
  }

  async settle(command: Extract<Command, { kind: 'settle' }>): Promise<void> {
    const member = this.workers.at(command.worker);
    const runs = this.runsOf(member);
    const chosen = new Map(
      runs.length === 0 ? [] : command.runs.map((each) => [runs[each.run % runs.length]!, each.how]),
    );
    if (chosen.size === 0 && (command.demand === 0 || member.crashed)) return;
    const inOrder = [...chosen].sort(([a], [b]) => a.claimNo - b.claimNo);
    const settlements = inOrder.map(([e, how]) => ({
      ...settlementOf(how, this.tokenOf(e)),
      delay: command.delay,
    }));
    await this.exchange(member, settlements, member.crashed ? 0 : command.demand, command.delay);
  }

  /** I16: a settlement whose token is not current changes nothing, whatever worker sends it. */
  async settleStale({ worker: pick, run, how }: Extract<Command, { kind: 'settleStale' }>): Promise<void> {
    const { worker } = this.workers.anyone(pick);
    const settlement = settlementOf(how, this.staleToken(run));
    const e = this.harness.reference.executions.get(settlement.executionId);
    if (e?.workerId === worker.id && e.leaseToken === settlement.leaseToken && e.status === 'RUNNING') return;
    const reply = await this.harness.unchanged('a stale settlement', () =>
      worker.exchange({ settlements: [settlement] }),
    );
    const member = this.workers.members.find((each) => each.worker === worker);
    if (member) [member.contact, member.lastReply] = [this.harness.now, reply];
    if (reply.settled[0] !== 'stale') violated('I16', `${e?.id} was settled by a stale token`);
  }

  /** A repeat of the last exchange gets the same reply, and changes nothing at all. */
  async replay(member: WorkerState): Promise<void> {
    if (!member.lastReply) return;
    const before = (await this.harness.store.dump()) as { executions: { executionId: string; status: string }[] };
    const statuses = new Map(before.executions.map(({ executionId, status }) => [executionId, status]));
    const reply = await this.harness.call({ now: this.harness.now }, () => member.worker.replay());
    const [again, first] = [await this.whole(reply, statuses), await this.whole(member.lastReply, statuses)];
    if (!isDeepStrictEqual(again, first)) violated('I16', 'a repeated exchange got another reply');
    if (!isDeepStrictEqual(await this.harness.store.dump(), before))
      violated('I16', 'a repeated exchange changed the state');
  }

  /**
   * A reply with the results that it left to be fetched, while their runs last. A repeat may omit a claim of an execution
   * that has left history since.
   */
  private async whole(reply: ExchangeReply, statuses: ReadonlyMap<string, string>): Promise<ExchangeReply> {
    const claims = [];
    for (const { resultsLeft, ...claim } of reply.claims) {
      const status = statuses.get(claim.executionId);
      if (status === undefined) continue;
      const results = status === 'RUNNING' ? { ...claim.results } : null;
      let from = results === null ? null : (resultsLeft ?? null);
      while (from !== null) {
        const page: ResultsPage = await this.harness.store.getResults(claim.executionId, from);
        Object.assign(results!, page.results);
        from = page.next;
      }
      claims.push({ ...claim, results });
    }
    return { ...reply, claims };
  }

  async beat(member: WorkerState): Promise<void> {
    const runs = this.runsOf(member);
    const reply = await this.harness.call({ now: this.harness.now }, () =>
      member.worker.beat(...runs.map((e) => this.tokenOf(e))),
    );
    member.beat = member.contact = this.harness.now;
    const asked = runs.filter((e) => e.cancelDeadline !== null).map((e) => e.id);
    if (!reply.known) violated('I13', `${member.worker.id} beats, and is not known`);
    if (reply.lost.length > 0)
      violated('I13', `${member.worker.id} is told to have lost ${reply.lost[0]!.executionId}`);
    if (
      reply.cancelRequested
        .map((run) => run.executionId)
        .sort()
        .join() !== asked.sort().join()
    ) {
      violated('I17', `${member.worker.id} was not told of the cancels of ${asked.join()}`);
    }
    for (const e of runs) if (e.lock) this.harness.oracle.locks.renew(e.lock.key, e.id, this.harness.now + LOCK_TTL);
  }

  async rescue(): Promise<void> {
    const gone = this.workers.members.filter((member) => member.crashed && member.beat + LEASE <= this.harness.now);
    const lostWorkers = new Set(gone.map((member) => member.worker.id));
    await this.harness.call({ now: this.harness.now, lostWorkers }, () =>
      steps(() => this.harness.store.rescue(PROMOTE_PER_STEP)),
    );
    for (const member of gone) {
      if (member.contact + LEASE > this.harness.now) continue;
      const [left] = this.runsOf(member);
      if (left) violated('I6', `${left.id} was not brought back from ${member.worker.id}`);
      await this.workers.replace(member, this.harness.now);
    }
  }

  async leave(member: WorkerState): Promise<void> {
    const runs = this.runsOf(member);
    const owed = new Map(
      runs.map((e) => [e.id, e.cancelDeadline === null ? ('released' as const) : ('cancelled' as const)]),
    );
    await this.harness.call({ now: this.harness.now, owed }, () => this.harness.store.deregister(member.worker.id));
    await this.workers.replace(member, this.harness.now);
  }

  runsOf(member: WorkerState): RefExecution[] {
    return [...this.harness.reference.executions.values()].filter((e) => e.workerId === member.worker.id);
  }

  private tokenOf(e: RefExecution): RunToken {
    return { executionId: e.id, leaseToken: e.leaseToken };
  }

  /** The newest token ever given of some execution, or one before it. */
  private staleToken(pick: number): RunToken {
    const e = this.harness.reference.choose(pick);
    return { executionId: e?.id ?? 'unknown', leaseToken: (e?.leaseToken ?? 1) - (pick % 2) };
  }
}
