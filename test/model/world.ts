import { isDeepStrictEqual } from 'node:util';
import type { NewExecution, RunToken, Settlement } from '../../libs/scheduler/src/core/commands.js';
import type { Effect, ExecutionTransition } from '../../libs/scheduler/src/core/effects.js';
import { CLAIM_PER_STEP, PROMOTE_PER_STEP } from '../../libs/scheduler/src/core/limits.js';
import { isTerminal } from '../../libs/scheduler/src/core/status.js';
import type { ExchangeReply } from '../../libs/scheduler/src/store/task-store.js';
import { LEASE, mirrorOf, settlementOf, TASKS, type OpenedStore } from '../contract/fixtures.js';
import { steps } from '../contract/scene.js';
import type { Command } from './commands.js';
import { Crew, type Member } from './crew.js';
import { ExecutionFactory } from './execution-factory.js';
import { Inspector } from './inspector.js';
import { playFire, playLock } from './others.js';
import { Referee, type Scope } from './referee.js';
import { compareReady, Reference, type RefExecution } from './reference.js';
import { violated } from './violation.js';

const BEAT = 5_000;
export const LOCK_TTL = 30_000;

/** One store under random commands: plays each, follows what it reports, and checks every promise after it. */
export class World {
  readonly reference = new Reference();
  readonly referee = new Referee(this.reference);
  readonly factory = new ExecutionFactory(this.reference);
  readonly inspector: Inspector;
  readonly crew: Crew;
  private readonly heard: Effect[] = [];

  constructor(readonly opened: OpenedStore) {
    this.inspector = new Inspector(opened.store, this.reference, this.referee);
    this.crew = new Crew(opened.store);
    opened.store.subscribe((effects) => void this.heard.push(...effects));
  }

  get store(): OpenedStore['store'] {
    return this.opened.store;
  }

  get now(): number {
    return this.opened.clock.now();
  }

  async begin(): Promise<void> {
    const after = (taskId: string) => [{ taskId, type: 'success', timeout: null, maxAge: null, reuse: false } as const];
    const dependencies: Record<string, ReturnType<typeof after>> = {
      child: after('parent'),
      grandchild: after('child'),
    };
    await this.store.putTasks(TASKS.map((taskId) => mirrorOf(taskId, { dependencies: dependencies[taskId] ?? [] })));
    for (const member of this.crew.members) await this.crew.join(member, this.now);
    await this.store.putSchedule(this.factory.schedule(this.now));
  }

  /** Plays one command, lets maintenance do what is due (unless time is only to pass), and checks everything. */
  async play(command: Command): Promise<void> {
    this.reference.step++;
    await this.perform(command);
    const settled = command.kind !== 'advance' || command.promote;
    if (settled) await this.settleDown();
    await this.inspector.inspect(this.now, settled);
  }

  /** Calls the store, and holds all that it reports meanwhile against the scope. */
  async call<T>(scope: Scope | ((reply: T) => Scope), verb: () => Promise<T>): Promise<T> {
    const reply = await verb();
    this.referee.hear(this.heard.splice(0), typeof scope === 'function' ? scope(reply) : scope);
    return reply;
  }

  /** Nothing that can be seen may change, and nothing but a refusal be reported. */
  async unchanged<T>(what: string, verb: () => Promise<T>): Promise<T> {
    const before = await this.inspector.view();
    const reply = await this.call({ now: this.now }, verb);
    if (!isDeepStrictEqual(await this.inspector.view(), before)) violated('I16', `${what} changed the state`);
    return reply;
  }

  /** Brings everything to an end: with all in order again, nothing accepted may be left waiting. */
  async drain(): Promise<void> {
    const live = () => [...this.reference.executions.values()].filter((e) => !isTerminal(e.status));
    await this.play({ kind: 'resume', queue: 0 });
    await this.play({ kind: 'resume', queue: 1 });
    for (const [worker] of this.crew.members.entries()) await this.play({ kind: 'goodbye', worker });
    for (const task of ['parent', 'child', 'grandchild']) await this.submit([this.factory.plain(task)]);
    for (let round = 0; round < 60 && live().length > 0; round++) {
      await this.play({ kind: 'advance', ms: 31_000, promote: true });
      await this.play({ kind: 'claim', worker: 0, want: CLAIM_PER_STEP });
      const runs = this.runsOf(this.crew.members[0]!).map((_, run) => ({ run, how: 'complete' as const }));
      await this.play({ kind: 'settle', worker: 0, runs, delay: 0, want: 0 });
    }
    const [stuck] = live();
    if (stuck) violated('I1', `${stuck.id} (${stuck.status}) never comes to an end`);
  }

  private async settleDown(): Promise<void> {
    await this.call({ now: this.now }, () => steps(() => this.store.promote(PROMOTE_PER_STEP)));
  }

  private async perform(command: Command): Promise<void> {
    const { clock } = this.opened;
    switch (command.kind) {
      case 'enqueue':
        return this.submit(this.factory.copies(command.execution, command.copies));
      case 'enqueueKeyed':
        return this.submitKeyed(this.factory.keyed(command.execution, command.key, command.fingerprint));
      case 'workflow':
        return this.startWorkflow(command.nodes);
      case 'claim': {
        const member = this.crew.awake(command.worker);
        return void (member && (await this.exchange(member, [], command.want, 0)));
      }
      case 'settle':
        return this.settle(command);
      case 'settleStale':
        return this.settleStale(command.worker, settlementOf(command.how, this.staleToken(command.run)));
      case 'replay':
        return this.replay(this.crew.at(command.worker));
      case 'cancel':
        return this.cancel(this.choose(command.execution), command.grace);
      case 'reopen':
        return this.reopen(this.choose(command.execution));
      case 'advance':
        for (let left = command.ms; left > 0; left -= BEAT) {
          clock.advance(Math.min(left, BEAT));
          for (const member of this.crew.members) if (!member.crashed) await this.beat(member);
        }
        return;
      case 'crash':
        this.crew.at(command.worker).crashed = true;
        return;
      case 'rescue':
        return this.rescue();
      case 'goodbye':
        return this.leave(this.crew.at(command.worker));
      case 'pause':
      case 'resume': {
        const queue = this.factory.queue(command.queue);
        if (command.kind === 'pause') this.reference.pausedQueues.add(queue);
        else this.reference.pausedQueues.delete(queue);
        return this.call({ now: this.now }, () =>
          command.kind === 'pause' ? this.store.pauseQueue(queue) : this.store.resumeQueue(queue),
        );
      }
      case 'prune':
        return void (await this.call({ now: this.now }, () => steps(() => this.store.prune(PROMOTE_PER_STEP))));
      case 'fire':
        return playFire(this, command);
      default:
        return playLock(this, command);
    }
  }

  // ---- submitting ----------------------------------------------------------------------------------------------

  async submit(submitted: readonly NewExecution[]): Promise<void> {
    const owed = new Map(submitted.map((each) => [each.executionId, 'scheduled' as const]));
    const ids = await this.call({ now: this.now, submitted, owed }, () => this.store.enqueue(submitted));
    const expected = submitted.map((each) => each.executionId);
    if (ids.join() !== expected.join()) violated('I1', `enqueue of ${expected.join()} answered ${ids.join()}`);
  }

  /** I2: one execution a key, and another body is refused. */
  private async submitKeyed(execution: NewExecution): Promise<void> {
    const known = this.factory.knownKey(execution, this.now);
    if (!known) return this.submit([execution]);
    const refused = known.fingerprint !== execution.idempotency!.fingerprint;
    const answer = await this.unchanged('a repeated idempotency key', () =>
      this.store.enqueue([execution]).then(
        (ids) => ids[0],
        (error: { code?: string }) => error.code,
      ),
    );
    const expected = refused ? 'IDEMPOTENCY_CONFLICT' : known.executionId;
    if (answer !== expected) violated('I2', `a repeated key gave ${answer}, not ${expected}`);
  }

  private async startWorkflow(choices: Extract<Command, { kind: 'workflow' }>['nodes']): Promise<void> {
    const { workflow, executions } = this.factory.workflow(choices);
    const owed = new Map(executions.map((each) => [each.executionId, 'scheduled' as const]));
    const scope = { now: this.now, submitted: executions, owed };
    await this.call(scope, () => this.store.startWorkflow(workflow, executions));
  }

  // ---- workers -------------------------------------------------------------------------------------------------

  /** One trip: what is settled, what may be claimed, and in which order. */
  private async exchange(
    member: Member,
    settlements: readonly Settlement[],
    want: number,
    delay: number,
  ): Promise<ExchangeReply> {
    const before = [...this.reference.executions.values()].map((e) => ({ ...e }));
    const expected = this.expectSettled(member, settlements);
    const retryDelays = new Map(settlements.map((each) => [each.executionId, delay]));
    const reply = await this.call(
      ({ claims }: ExchangeReply) => ({
        now: this.now,
        owed: expected.owed,
        retryDelays,
        claims,
        claimedBy: { workerId: member.worker.id, queues: member.queues },
      }),
      () => member.worker.exchange({ settlements, want }),
    );
    member.contact = this.now;
    member.lastReply = reply;
    if (reply.settled.join() !== expected.settled.join()) {
      violated('I16', `settled ${reply.settled.join()}, where tokens say ${expected.settled.join()}`);
    }
    if (reply.claims.length > want) violated('I9', `${reply.claims.length} claims where ${want} were wanted`);
    await this.checkClaimOrder(member, before, reply, want);
    await this.inspector.followQueues(this.now);
    return reply;
  }

  /** What each settlement must come to, by its token alone. */
  private expectSettled(member: Member, settlements: readonly Settlement[]) {
    const owed = new Map<string, ExecutionTransition>();
    const settled = settlements.map(({ executionId, attempt, kind }) => {
      const e = this.reference.executions.get(executionId);
      const mine = e?.status === 'RUNNING' && e.workerId === member.worker.id && e.attempt === attempt;
      if (!mine || owed.has(executionId)) return 'stale';
      const transitions = {
        complete: 'completed',
        fail: 'failed',
        retry: 'retrying',
        release: 'released',
        cancel: 'cancelled',
      } as const;
      owed.set(executionId, e.cancelDeadline !== null && kind !== 'complete' ? 'cancelled' : transitions[kind]);
      return 'applied';
    });
    return { owed, settled };
  }

  /** I9: nobody who was ready before, and still is, stands before one that was claimed; no slot stays free for them. */
  private async checkClaimOrder(
    member: Member,
    before: RefExecution[],
    reply: ExchangeReply,
    want: number,
  ): Promise<void> {
    const queued = new Set<string>();
    for (const queue of member.queues) for (const id of await this.store.peekQueue(queue, 1_000)) queued.add(id);
    const was = new Map(before.map((e) => [e.id, e]));
    const claimed = reply.claims.map((claim) => was.get(claim.executionId)!);
    const left = before.filter((e) => e.ready && queued.has(e.id) && !this.reference.pausedQueues.has(e.queue));
    for (const [i, e] of claimed.entries()) {
      const passed = [...left, ...claimed.slice(i + 1)].find((other) => compareReady(other, e) < 0);
      if (passed) violated('I9', `${e.id} was claimed before ${passed.id}`);
    }
    if (claimed.length < want && !reply.more && left[0]) {
      violated('I15', `${left[0].id} is ready, ${member.worker.id} has a free slot and was not given it`);
    }
  }

  private async settle(command: Extract<Command, { kind: 'settle' }>): Promise<void> {
    const member = this.crew.at(command.worker);
    const runs = this.runsOf(member);
    const chosen = new Map(
      runs.length === 0 ? [] : command.runs.map((each) => [runs[each.run % runs.length]!, each.how]),
    );
    if (chosen.size === 0 && (command.want === 0 || member.crashed)) return;
    const inOrder = [...chosen].sort(([a], [b]) => a.claimNo - b.claimNo);
    const settlements = inOrder.map(([e, how]) => ({
      ...settlementOf(how, this.tokenOf(e)),
      delay: command.delay,
    }));
    await this.exchange(member, settlements, member.crashed ? 0 : command.want, command.delay);
  }

  /** I16: a token that is not current changes nothing, whoever brings it. */
  private async settleStale(pick: number, settlement: Settlement): Promise<void> {
    const { worker } = this.crew.anyone(pick);
    const e = this.reference.executions.get(settlement.executionId);
    if (e?.workerId === worker.id && e.attempt === settlement.attempt && e.status === 'RUNNING') return;
    const reply = await this.unchanged('a stale settlement', () => worker.exchange({ settlements: [settlement] }));
    const member = this.crew.members.find((each) => each.worker === worker);
    if (member) [member.contact, member.lastReply] = [this.now, reply];
    if (reply.settled[0] !== 'stale') violated('I16', `${e?.id} was settled by a stale token`);
  }

  /** A repeat of the last exchange gets the same reply, and changes nothing at all. */
  private async replay(member: Member): Promise<void> {
    if (!member.lastReply) return;
    const before = await this.store.dump();
    const reply = await this.call({ now: this.now }, () => member.worker.replay());
    if (!isDeepStrictEqual(reply, member.lastReply)) violated('I16', 'a repeated exchange got another reply');
    if (!isDeepStrictEqual(await this.store.dump(), before)) violated('I16', 'a repeated exchange changed the state');
  }

  private async beat(member: Member): Promise<void> {
    const runs = this.runsOf(member);
    const reply = await this.call({ now: this.now }, () => member.worker.beat(...runs.map((e) => this.tokenOf(e))));
    member.beat = member.contact = this.now;
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
    for (const e of runs) if (e.lock) this.referee.locks.renew(e.lock.key, e.id, this.now + LOCK_TTL);
  }

  private async rescue(): Promise<void> {
    const gone = this.crew.members.filter((member) => member.crashed && member.beat + LEASE <= this.now);
    const lostWorkers = new Set(gone.map((member) => member.worker.id));
    await this.call({ now: this.now, lostWorkers }, () => steps(() => this.store.rescue(PROMOTE_PER_STEP)));
    for (const member of gone) {
      if (member.contact + LEASE > this.now) continue;
      const [left] = this.runsOf(member);
      if (left) violated('I6', `${left.id} was not brought back from ${member.worker.id}`);
      await this.crew.replace(member, this.now);
    }
  }

  private async leave(member: Member): Promise<void> {
    const runs = this.runsOf(member);
    const owed = new Map(
      runs.map((e) => [e.id, e.cancelDeadline === null ? ('released' as const) : ('cancelled' as const)]),
    );
    await this.call({ now: this.now, owed }, () => this.store.goodbye(member.worker.id));
    await this.crew.replace(member, this.now);
  }

  // ---- users ---------------------------------------------------------------------------------------------------

  private async cancel(e: RefExecution | undefined, grace: number): Promise<void> {
    if (!e) return;
    const owed = new Map<string, ExecutionTransition>();
    const running = e.status === 'RUNNING';
    const again = e.cancelDeadline !== null;
    if (!isTerminal(e.status) && !again) owed.set(e.id, running ? 'cancelRequested' : 'cancelled');
    const expected = !isTerminal(e.status);
    // Asked again, it may only keep its first deadline: a later one.
    const reply = await this.call({ now: this.now, owed }, () => this.store.cancel(e.id, again ? 10_000 : grace));
    if (reply !== expected) violated('I17', `cancel of ${e.id} answered ${reply}`);
    if (running && !again) e.cancelDeadline = this.now + grace;
  }

  private async reopen(e: RefExecution | undefined): Promise<void> {
    if (!e) return;
    const expected = isTerminal(e.status) && e.status !== 'COMPLETED';
    const owed = new Map<string, ExecutionTransition>(expected ? [[e.id, 'reopened']] : []);
    const scope = { now: this.now, owed, reopening: expected ? e.id : undefined };
    const reply = await this.call(scope, () => this.store.reopen(e.id));
    if (reply !== expected) violated('I3', `reopen of ${e.id} answered ${reply}`);
  }

  // ---- choosing ------------------------------------------------------------------------------------------------

  private choose(pick: number): RefExecution | undefined {
    const all = [...this.reference.executions.values()];
    return all.length === 0 ? undefined : all[pick % all.length];
  }

  private runsOf(member: Member): RefExecution[] {
    return [...this.reference.executions.values()].filter((e) => e.workerId === member.worker.id);
  }

  private tokenOf(e: RefExecution): RunToken {
    return { executionId: e.id, attempt: e.attempt };
  }

  /** The newest token ever given of some execution, or one before it. */
  private staleToken(pick: number): RunToken {
    const e = this.choose(pick);
    return { executionId: e?.id ?? 'unknown', attempt: (e?.attempt ?? 1) - (pick % 2) };
  }
}
