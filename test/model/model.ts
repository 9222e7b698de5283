import { isDeepStrictEqual } from 'node:util';
import type { NewExecution } from '../../libs/scheduler/src/core/commands.js';
import type { Effect, ExecutionTransition } from '../../libs/scheduler/src/core/effects.js';
import { CLAIM_PER_STEP, PROMOTE_PER_STEP } from '../../libs/scheduler/src/core/limits.js';
import { isTerminal } from '../../libs/scheduler/src/core/status.js';
import { LEASE, taskRecordOf, TASKS, type OpenedStore } from '../contract/fixtures.js';
import { steps } from '../contract/store-fixture.js';
import type { Command } from './commands.js';
import { Workers } from './workers.js';
import { ExecutionFactory } from './execution-factory.js';
import { Inspector } from './inspector.js';
import { Oracle, type Scope } from './oracle.js';
import { Reference, type RefExecution } from './reference.js';
import { BEAT_MS } from './config.js';
import { WorkerActions } from './worker-actions.js';
import type { Harness } from './harness.js';
import { playFire, playLock } from './tick-and-handle.js';
import { violated } from './violation.js';

/** One store under random commands: runs each, applies its effects, and checks every invariant after it. */
export class Model implements Harness {
  readonly reference = new Reference();
  readonly oracle = new Oracle(this.reference);
  readonly factory = new ExecutionFactory(this.reference);
  readonly inspector: Inspector;
  readonly workers: Workers;
  private readonly actions: WorkerActions;
  private readonly heard: Effect[] = [];
  private lastSubmitted: readonly NewExecution[] = [];

  /** @param historyCount how many ended executions the store keeps */
  constructor(
    readonly opened: OpenedStore,
    historyCount: number,
  ) {
    this.inspector = new Inspector(opened.store, this.reference, this.oracle, historyCount);
    this.workers = new Workers(opened.store);
    this.actions = new WorkerActions(this, this.workers);
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
    await this.store.putTasks(
      TASKS.map((taskId) => taskRecordOf(taskId, { dependencies: dependencies[taskId] ?? [] })),
    );
    for (const member of this.workers.members) await this.workers.join(member, this.now);
    await this.store.putSchedule(this.factory.schedule(this.now));
  }

  /** Runs one command and due maintenance (unless time only advances), and checks everything. */
  async play(command: Command): Promise<void> {
    this.reference.step++;
    const before = this.workers.alive(this.now);
    this.reference.served = new Set(before.flatMap((worker) => worker.queues));
    await this.perform(command);
    // Workers that were there all the time.
    const after = new Set(this.workers.alive(this.now).map((worker) => worker.id));
    this.reference.served = new Set(before.filter(({ id }) => after.has(id)).flatMap((worker) => worker.queues));
    const settled = command.kind !== 'advance' || command.promote;
    if (settled) await this.settleDown();
    await this.inspector.inspect(this.now, settled);
  }

  /** Calls the store, and compares all effects during the call with the scope. */
  async call<T>(scope: Scope | ((reply: T) => Scope), verb: () => Promise<T>): Promise<T> {
    const reply = await verb();
    this.oracle.hear(this.heard.splice(0), typeof scope === 'function' ? scope(reply) : scope);
    return reply;
  }

  /** No visible state may change, and only a refusal may be reported. */
  async unchanged<T>(what: string, verb: () => Promise<T>): Promise<T> {
    const before = await this.inspector.view();
    const reply = await this.call({ now: this.now }, verb);
    if (!isDeepStrictEqual(await this.inspector.view(), before)) violated('I16', `${what} changed the state`);
    return reply;
  }

  /** Runs everything to its end: without obstacles, no accepted execution may still wait. */
  async drain(): Promise<void> {
    const live = () => [...this.reference.executions.values()].filter((e) => !isTerminal(e.status));
    await this.play({ kind: 'resume', queue: 0 });
    await this.play({ kind: 'resume', queue: 1 });
    await this.play({ kind: 'advance', ms: LEASE, promote: true });
    await this.play({ kind: 'rescue' });
    for (const [worker] of this.workers.members.entries()) await this.play({ kind: 'goodbye', worker });
    for (const task of ['parent', 'child', 'grandchild']) await this.submit([this.factory.plain(task)]);
    for (let round = 0; round < 60 && live().length > 0; round++) {
      await this.play({ kind: 'advance', ms: 31_000, promote: true });
      await this.play({ kind: 'claim', worker: 0, demand: CLAIM_PER_STEP });
      const runs = this.actions.runsOf(this.workers.members[0]!).map((_, run) => ({ run, how: 'complete' as const }));
      await this.play({ kind: 'settle', worker: 0, runs, delay: 0, demand: 0 });
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
      case 'enqueueAgain':
        return this.submitAgain();
      case 'workflow':
        return this.startWorkflow(command.nodes);
      case 'claim': {
        const member = this.workers.awake(command.worker);
        return void (member && (await this.actions.exchange(member, [], command.demand, 0)));
      }
      case 'settle':
        return this.actions.settle(command);
      case 'settleStale':
        return this.actions.settleStale(command);
      case 'replay':
        return this.actions.replay(this.workers.at(command.worker));
      case 'cancel':
        return this.cancel(this.reference.choose(command.execution), command.grace);
      case 'reopen':
        return this.reopen(this.reference.choose(command.execution));
      case 'advance':
        for (let left = command.ms; left > 0; left -= BEAT_MS) {
          clock.advance(Math.min(left, BEAT_MS));
          for (const member of this.workers.members) if (!member.crashed) await this.actions.beat(member);
        }
        return;
      case 'crash':
        this.workers.at(command.worker).crashed = true;
        return;
      case 'rescue':
        return this.actions.rescue();
      case 'goodbye':
        return this.actions.leave(this.workers.at(command.worker));
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
    this.lastSubmitted = submitted;
  }

  /** I2: a client that lost the reply repeats the request. */
  private async submitAgain(): Promise<void> {
    const again = this.lastSubmitted;
    if (again.some(({ executionId }) => this.reference.get(executionId).gone)) return;
    const ids = await this.unchanged('a repeated batch', () => this.store.enqueue(again));
    if (ids.some((id, i) => id !== again[i]!.executionId)) violated('I2', `a repeat answered ${ids.join()}`);
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

  // ---- users ---------------------------------------------------------------------------------------------------

  private async cancel(e: RefExecution | undefined, grace: number): Promise<void> {
    if (!e) return;
    const owed = new Map<string, ExecutionTransition>();
    const running = e.status === 'RUNNING';
    const again = e.cancelDeadline !== null;
    if (!isTerminal(e.status) && !again) owed.set(e.id, running ? 'cancelRequested' : 'cancelled');
    const expected = e.gone ? null : { was: e.status, is: running || isTerminal(e.status) ? e.status : 'CANCELLED' };
    // Repeated, it keeps its first deadline, although the request has a later one.
    const reply = await this.call({ now: this.now, owed }, () => this.store.cancel(e.id, again ? 10_000 : grace));
    if (!isDeepStrictEqual(reply, expected)) violated('I17', `cancel of ${e.id} answered ${JSON.stringify(reply)}`);
    if (running && !again) e.cancelDeadline = this.now + grace;
  }

  private async reopen(e: RefExecution | undefined): Promise<void> {
    if (!e) return;
    const was = e.status;
    const isReopened = !e.gone && isTerminal(was) && was !== 'COMPLETED';
    const expected = e.gone ? null : { was, is: isReopened ? 'PENDING' : was };
    const owed = new Map<string, ExecutionTransition>(isReopened ? [[e.id, 'reopened']] : []);
    const scope = { now: this.now, owed, reopening: isReopened ? e.id : undefined };
    const reply = await this.call(scope, () => this.store.reopen(e.id));
    if (!isDeepStrictEqual(reply, expected)) violated('I3', `reopen of ${e.id} answered ${JSON.stringify(reply)}`);
  }
}
