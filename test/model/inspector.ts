import type { TaskExecution } from '../../libs/scheduler/src/core/execution.js';
import { isTerminal, TaskStatus, type WaitingForKind } from '../../libs/scheduler/src/core/status.js';
import type { WorkflowInfo } from '../../libs/scheduler/src/store/records.js';
import type { TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import type { Oracle } from './oracle.js';
import { compareReady, workflowStatus, type Reference, type RefExecution } from './reference.js';
import { ALL, LOCK_RESERVED, QUEUES } from './config.js';
import { violated } from './violation.js';

/** Reads a store through its public verbs, and compares all that it shows with the reference. */
export class Inspector {
  /** When maintenance last did all that was due. */
  private settledAt = 0;

  constructor(
    private readonly store: TaskStore,
    private readonly reference: Reference,
    private readonly oracle: Oracle,
    private readonly historyCount: number,
  ) {}

  /** @param settled maintenance has done all that is due */
  async inspect(now: number, settled: boolean): Promise<void> {
    const { items } = await this.store.listExecutions({ limit: ALL });
    const { items: workflows } = await this.store.listWorkflows({ limit: ALL });
    const shown = new Map(items.map((item) => [item.executionId, item]));
    this.checkPresence(shown, new Set(workflows.map((workflow) => workflow.workflowId)));
    for (const e of this.reference.executions.values()) {
      if (e.gone) continue;
      this.checkExecution(e, shown.get(e.id)!, now, settled);
      if (e.status === 'SKIPPED') this.checkRootCause(e, shown);
    }
    if (settled) this.settledAt = now;
    await this.followQueues(now);
    if (settled) {
      for (const e of this.reference.executions.values()) if (!e.gone) this.checkWait(e, shown.get(e.id)!, now);
    }
    await this.checkStats(items, now, settled);
    await this.checkLocks(now, settled);
    await this.checkWorkers();
    this.checkWorkflows(workflows);
  }

  /** All visible state, for "nothing changed". */
  async view(): Promise<unknown> {
    const [page, locks, workers, ...queues] = await Promise.all([
      this.store.listExecutions({ limit: ALL }),
      this.store.listLocks(),
      this.store.listWorkers(),
      ...QUEUES.map((queue) => this.store.peekQueue(queue, ALL)),
    ]);
    return {
      executions: page.items,
      locks,
      running: workers.map(({ workerId, running }) => [workerId, running]),
      queues,
    };
  }

  /** I1, I2: each accepted execution is there, once, and no other; I14: history is as long as it may be. */
  private checkPresence(shown: ReadonlyMap<string, TaskExecution>, workflows: ReadonlySet<string>): void {
    for (const id of shown.keys()) if (!this.reference.executions.has(id)) violated('I1', `${id} came from nowhere`);
    const needed = this.reference.needed();
    const history: Record<string, Set<string>> = {};
    for (const e of this.reference.executions.values()) {
      const mayGo = isTerminal(e.status) && !needed.has(e.id);
      if (shown.has(e.id)) {
        if (e.gone) violated('I1', `${e.id} is back from history`);
        if (mayGo) (history[this.reference.outcome(e)] ??= new Set()).add(e.workflowId ?? e.id);
      } else if (!e.gone) {
        if (!mayGo) violated('I1', `${e.id} (${e.status}) is lost`);
        e.gone = true;
      }
      if (e.workflowId !== null && workflows.has(e.workflowId) === e.gone)
        violated('I14', `${e.id} is ${e.gone ? 'gone' : 'there'}, its workflow ${e.workflowId} is not`);
    }
    for (const [outcome, { size }] of Object.entries(history))
      if (size > this.historyCount) violated('I14', `history holds ${size} ${outcome}, may hold ${this.historyCount}`);
  }

  private checkExecution(e: RefExecution, shown: TaskExecution, now: number, settled: boolean): void {
    if (shown.status !== e.status) violated('I3', `${e.id} is shown as ${shown.status}, reported as ${e.status}`);
    if (shown.priority !== e.priority)
      violated('I9', `${e.id} has priority ${shown.priority}, was given ${e.priority}`);
    if (shown.retryCount !== e.failures) violated('I4', `${e.id} shows ${shown.retryCount} retries, not ${e.failures}`);
    if (shown.snoozeCount !== e.snoozes) violated('I4', `${e.id} shows ${shown.snoozeCount} snoozes, not ${e.snoozes}`);
    if (isTerminal(e.status) !== (shown.completedTime !== null))
      violated('I3', `${e.id}: ${e.status}, and completed ${shown.completedTime}`);
    if ((shown.waitingFor === null) !== (e.status !== 'PENDING' && e.status !== 'RETRYING')) {
      violated('I13', `${e.id} is ${e.status} and waits for ${shown.waitingFor?.kind}`);
    }
    const numbers = shown.attempts.map((attempt) => attempt.attempt);
    const last = e.run - (e.status === 'RUNNING' && numbers.at(-1) !== e.run ? 1 : 0);
    const expected = Array.from({ length: numbers.length }, (_, i) => last - numbers.length + 1 + i);
    if (numbers.join() !== expected.join()) violated('I4', `${e.id}: attempts ${numbers.join()} after run ${e.run}`);
    if (!settled || isTerminal(e.status)) return;
    for (const edge of e.edges) {
      if (edge.state === 'broken') violated('I8', `${e.id} is ${e.status}, its edge on ${edge.upstream} cannot hold`);
      if (e.status === 'PENDING' && edge.state === 'open' && edge.deadline !== null && edge.deadline <= now) {
        violated('I8', `${e.id} is PENDING, its edge ${edge.ref} timed out ${now - edge.deadline} ms ago`);
      }
    }
    if (e.status === 'RUNNING' && e.cancelDeadline !== null && e.cancelDeadline <= now) {
      violated('I17', `${e.id} runs ${now - e.cancelDeadline} ms beyond the grace of its cancel`);
    }
  }

  /** I8: the first in the chain whose end broke it. */
  private checkRootCause(e: RefExecution, all: ReadonlyMap<string, TaskExecution>): void {
    const { reason, rootCause } = all.get(e.id)!;
    if (reason !== e.reason) violated('I8', `${e.id} shows reason ${reason}, was reported ${e.reason}`);
    if (reason === 'DEPENDENCY_FAILED' && e.rootCause === null) {
      const told = rootCause?.executionId ?? 'none';
      const broken = e.edges.filter((edge) => edge.state === 'broken').map((edge) => edge.upstream!);
      const causes = broken.map((id) => all.get(id)?.rootCause?.executionId ?? this.reference.get(id).rootCause ?? id);
      // An execution that was SKIPPED and left history at once has not reported its root cause.
      if (broken.some((id) => this.reference.get(id).gone)) causes.push(told);
      if (!causes.includes(told)) violated('I8', `${e.id} names root cause ${told}, not one of ${causes.join()}`);
    }
    e.rootCause = rootCause?.executionId ?? null;
  }

  /**
   * Updates the queues of the reference: the store decides which executions park and which is next for a lock, and the
   * rules must permit it. I9, I13: all others are in the queue, in their order.
   */
  async followQueues(now: number): Promise<void> {
    const peeked = await Promise.all(QUEUES.map((queue) => this.store.peekQueue(queue, ALL)));
    const queued = new Set(peeked.flat());
    const called: RefExecution[] = this.oracle.taken.splice(0);
    for (const e of this.reference.executions.values()) {
      if (queued.has(e.id)) this.followQueued(e, now, called);
      else if (this.reference.isDue(e, this.settledAt) && e.parkedSince === null) this.followParked(e, now);
    }
    for (const e of called) this.oracle.checkBestWaiter(e);
    this.reference.endReservations();
    for (const ids of peeked) {
      const inOrder = ids.map((id) => this.reference.get(id));
      for (const [i, later] of inOrder.entries()) {
        const earlier = inOrder.slice(0, i).find((each) => compareReady(later, each) < 0);
        if (earlier) violated('I9', `queue ${later.queue}: ${earlier.id} stands before ${later.id}`);
      }
    }
  }

  private followQueued(e: RefExecution, now: number, called: RefExecution[]): void {
    const { step } = this.reference;
    if (!this.reference.isDue(e, now)) violated('I13', `${e.id} (${e.status}) stands in the queue before its time`);
    if (e.parkedSince !== null) {
      called.push({ ...e });
      e.called = {
        at: now,
        parkedSince: e.parkedSince,
        isReserved: this.reference.couldStart(e) && !this.oracle.locks.holders.has(e.lock!.key),
      };
      e.parkedSince = null;
      e.ready = { batch: -step, cause: e.id, sub: 0 };
    }
    e.ready ??= { ...e.cause, batch: e.cause.batch < 0 ? e.cause.batch : step };
  }

  /** A ready waiter parks again, at its position, if another has the lock: not while that is reserved for it. */
  private followParked(e: RefExecution, now: number): void {
    if (!e.lock) violated('I13', `${e.id} is ready, and stands in no queue`);
    const { called } = e;
    if (called && this.reference.isReservedFor(e, now)) violated('I9', `${e.id} parks a second time on ${e.lock.key}`);
    e.parkedSince = called?.parkedSince ?? this.reference.step;
    e.called = null;
    e.ready = null;
  }

  /** Whether the lock may be reserved. */
  private mayBeReserved(key: string, now: number): boolean {
    return this.reference.calledFor(key).some((e) => now < e.called!.at + LOCK_RESERVED);
  }

  private checkWait(e: RefExecution, shown: TaskExecution, now: number): void {
    if (e.status !== 'PENDING' && e.status !== 'RETRYING') return;
    const open = e.edges.filter((edge) => edge.state === 'open');
    let expected: WaitingForKind = 'queue';
    if (this.reference.pausedQueues.has(e.queue)) expected = 'paused';
    else if (e.dueAt > now) expected = 'time';
    else if (open.length > 0) expected = 'dependencies';
    else if (e.parkedSince !== null) {
      expected = 'lock';
      const isHeld = this.oracle.locks.holders.has(e.lock!.key);
      if (!isHeld && (shown.waitingFor?.kind !== 'lock' || !this.mayBeReserved(e.lock!.key, now))) expected = 'queue';
    }
    if (shown.waitingFor?.kind !== expected)
      violated('I13', `${e.id} waits for ${expected}, says ${shown.waitingFor?.kind}`);
    if (expected !== 'dependencies') return;
    const bound = open.map((edge) => `${edge.ref}:${edge.upstream}`).sort();
    const told = (shown.waitingFor.dependencies ?? []).map((each) => `${each.ref}:${each.executionId}`).sort();
    if (bound.join() !== told.join()) violated('I7', `${e.id} waits for ${told.join()}, is bound to ${bound.join()}`);
  }

  /** I13: every counter equals a recount. */
  private async checkStats(items: readonly TaskExecution[], now: number, settled: boolean): Promise<void> {
    const stats = await this.store.stats();
    const equal = (what: string, found: unknown, expected: unknown): void => {
      if (found !== expected) violated('I13', `${what}: ${String(found)}, a recount says ${String(expected)}`);
    };
    for (const status of Object.values(TaskStatus)) {
      equal(`byStatus.${status}`, stats.byStatus[status], items.filter((item) => item.status === status).length);
    }
    const { counts, locks } = this.oracle;
    for (const name of [
      'started',
      'completed',
      'failed',
      'cancelled',
      'skipped',
      'released',
      'crashed',
      'stale',
      'lockTimeouts',
    ] as const) {
      equal(`counters.${name}`, stats.counters[name], counts.get(name) ?? 0);
    }
    const { retried, snoozed } = stats.counters;
    equal('counters.retried and snoozed', retried + snoozed, counts.get('retrying') ?? 0);
    equal('counters.lockAcquired', stats.counters.lockAcquired, locks.granted);
    equal('counters.locksLost', stats.counters.locksLost, locks.lost);
    equal('counters.scheduled', stats.counters.scheduled, counts.get('scheduled') ?? 0);
    const all = [...this.reference.executions.values()];
    for (const queue of QUEUES) {
      const levels = [0, 1, 2, 3, 4].map(
        (level) => all.filter((e) => e.ready && e.queue === queue && e.priority === level).length,
      );
      equal(`size of queue ${queue}`, (await this.store.queueSizes(queue)).join(), levels.join());
    }
    if (!settled) return;
    const waiting = all.filter((e) => e.status === 'PENDING' || e.status === 'RETRYING');
    const isOpen = (e: RefExecution): boolean => e.edges.some((edge) => edge.state === 'open');
    equal('delayed', stats.delayed, waiting.filter((e) => e.dueAt > now).length);
    equal(
      'waitingForDependencies',
      stats.waitingForDependencies,
      waiting.filter((e) => e.dueAt <= now && isOpen(e)).length,
    );
    equal('waitingForLock', stats.waitingForLock, waiting.filter((e) => e.parkedSince !== null).length);
  }

  /**
   * I11: the holder of a lock is the reported one; every run holds its lock; no execution waits for a free lock, unless it is
   * reserved for another, or another is ready that is blocked by the same condition.
   */
  private async checkLocks(now: number, settled: boolean): Promise<void> {
    const { holders } = this.oracle.locks;
    const parked: RefExecution[] = [];
    for (const e of this.reference.executions.values()) {
      if (!e.lock) continue;
      const holder = holders.get(e.lock.key);
      const holds = holder?.owner === e.id && holder.fencingToken === e.fencingToken;
      if (holder?.owner === e.id && e.status !== 'RUNNING')
        violated('I11', `${e.id} is ${e.status} and holds ${e.lock.key}`);
      if (e.status === 'RUNNING' && !holds && !this.oracle.locks.wasLost(e.lock.key, e.fencingToken)) {
        violated('I11', `${e.id} runs without its lock ${e.lock.key}`);
      }
      if (e.parkedSince !== null) parked.push(e);
    }
    if (!settled) return;
    for (const e of parked) {
      const key = e.lock!.key;
      const isPassedBy = this.reference.calledFor(key).some((each) => this.reference.isSameLine(each, e));
      if (!holders.has(key) && !isPassedBy && !this.mayBeReserved(key, now))
        violated('I11', `lock ${key} is free, and ${e.id} is parked on it`);
    }
    for (const [key, holder] of holders) {
      const info = await this.store.getLock(key);
      if (info?.owner !== holder.owner || info.fencingToken !== holder.fencingToken) {
        violated(
          'I11',
          `lock ${key} shows ${info?.owner} #${info?.fencingToken}, was granted to ${holder.owner} #${holder.fencingToken}`,
        );
      }
    }
  }

  /** I13: a RUNNING execution is owned by a worker, and counted there. */
  private async checkWorkers(): Promise<void> {
    for (const worker of await this.store.listWorkers()) {
      const running = [...this.reference.executions.values()].filter((e) => e.workerId === worker.workerId).length;
      if (worker.running !== running)
        violated('I13', `${worker.workerId} counts ${worker.running} runs, not ${running}`);
    }
  }

  /** I13: the status of a workflow follows from its nodes. */
  private checkWorkflows(workflows: readonly WorkflowInfo[]): void {
    for (const { workflowId, status, completedTime, nodes } of workflows) {
      const ends = nodes.map((node) => this.reference.get(node.executionId).status);
      const expected = workflowStatus(ends);
      if (nodes.map((node) => node.status).join() !== ends.join())
        violated('I13', `${workflowId} shows other statuses`);
      if (status !== expected) violated('I13', `${workflowId} is ${status}, its nodes are ${ends.join()}`);
      if ((completedTime === null) !== (status === 'RUNNING'))
        violated('I13', `${workflowId}: ${status}, ${completedTime}`);
    }
  }
}
