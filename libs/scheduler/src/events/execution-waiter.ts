import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, MAX_TIMER_MS, type Clock, type ClockTimer } from '../core/clock.js';
import { ExecutionNotFoundError, SchedulerClosedError, WaitTimeoutError } from '../core/errors.js';
import type { ExecutionEffect } from '../core/effects.js';
import { ENDED_PER_STEP } from '../core/limits.js';
import type { TaskExecution } from '../core/execution.js';
import { copyOf, parseJson } from '../core/json.js';
import { onAbort } from '../core/on-abort.js';
import { withPriorityName } from '../core/priority.js';
import { isTerminal } from '../core/status.js';
import { TASK_STORE, type ExecutionStore, type WorkerStore } from '../store/task-store.js';
import { EventHub } from './event-hub.js';

interface Waiter {
  /** null: it may have ended without an event. */
  wake: (end: ExecutionEffect | null) => void;
  fail: (error: unknown) => void;
}

/** Interval of polls, ms. Events of a remote store can be lost. */
const POLL_EVERY_MS = 3_000;
/** Calls of one poll. Further waits follow at the next poll. */
const STEPS_PER_POLL = 5;

/** Waits for ends of executions by event. An occasional poll finds ends whose event was lost. */
@Injectable()
export class ExecutionWaiter {
  private readonly waiting = new Map<string, Set<Waiter>>();
  private isClosed = false;
  private poll: ClockTimer | null = null;

  constructor(
    hub: EventHub,
    @Inject(TASK_STORE) private readonly store: ExecutionStore & Pick<WorkerStore, 'isShared'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    hub.listen(
      (effects) => {
        if (this.waiting.size === 0) return;
        for (const effect of effects) {
          if (effect.kind === 'execution' && isTerminal(effect.status))
            this.waiting.get(effect.executionId)?.forEach(({ wake }) => wake(effect));
          else if (effect.kind === 'missed')
            for (const waiters of this.waiting.values()) waiters.forEach(({ wake }) => wake(null));
        }
      },
      () => this.waiting.size > 0,
    );
  }

  /**
   * Resolves with the execution when it has ended.
   * @param timeout ms; null: unlimited
   * @throws ExecutionNotFoundError, WaitTimeoutError, the signal's reason, or SchedulerClosedError if the app closes
   */
  async wait(executionId: string, timeout: number | null, signal?: AbortSignal): Promise<TaskExecution> {
    if (this.isClosed) throw new SchedulerClosedError(executionId);
    signal?.throwIfAborted();
    const ended = this.enroll(executionId, timeout, signal);
    try {
      for (let seen: TaskExecution | null = null; ;) {
        const execution: TaskExecution = await this.findAgain(executionId, seen);
        if (isTerminal(execution.status)) return execution;
        const end = await ended.next();
        if (end !== null) return await this.atEnd(execution, end);
        seen = execution;
      }
    } finally {
      ended.leave();
    }
  }

  /** The executions awaited here, and the number of calls. */
  get waits(): { executionIds: string[]; calls: number } {
    const calls = [...this.waiting.values()].reduce((sum, waiters) => sum + waiters.size, 0);
    return { executionIds: [...this.waiting.keys()], calls };
  }

  /** No more events will arrive: rejects all waits. */
  close(): void {
    this.isClosed = true;
    this.poll?.cancel();
    for (const [executionId, waiters] of this.waiting)
      for (const { fail } of waiters) fail(new SchedulerClosedError(executionId));
  }

  private arm(): void {
    if (this.poll || this.isClosed || !this.store.isShared || this.waiting.size === 0) return;
    this.poll = this.clock.setTimer(POLL_EVERY_MS, () => {
      void this.pollOnce().finally(() => {
        this.poll = null;
        this.arm();
      });
    });
    this.poll.handle?.unref();
  }

  /** Polls the waits that were polled least recently. */
  private async pollOnce(): Promise<void> {
    const ids = [...this.waiting.keys()].slice(0, STEPS_PER_POLL * ENDED_PER_STEP);
    for (let from = 0; from < ids.length; from += ENDED_PER_STEP) {
      const step = ids.slice(from, from + ENDED_PER_STEP);
      // If the store does not respond, the next poll asks again.
      const ended = await this.store.endedOf(step).catch(() => null);
      if (ended === null) return;
      for (const id of step) this.moveToEnd(id);
      for (const id of ended) this.waiting.get(id)?.forEach(({ wake }) => wake(null));
    }
  }

  private moveToEnd(executionId: string): void {
    const waiters = this.waiting.get(executionId);
    if (!waiters || this.waiting.size <= STEPS_PER_POLL * ENDED_PER_STEP) return;
    this.waiting.delete(executionId);
    this.waiting.set(executionId, waiters);
  }

  /** A store that does not respond does not end a wait that has begun: the next poll asks again. */
  private async findAgain(executionId: string, seen: TaskExecution | null): Promise<TaskExecution> {
    try {
      return await this.find(executionId);
    } catch (error) {
      if (this.isClosed) throw new SchedulerClosedError(executionId);
      if (seen === null || error instanceof ExecutionNotFoundError) throw error;
      return seen;
    }
  }

  /**
   * The execution as it ended. A small history may already have trimmed it, and a listener may have retried it: then the
   * event has its end.
   */
  private async atEnd(execution: TaskExecution, end: ExecutionEffect): Promise<TaskExecution> {
    const found = await this.store.getExecution(execution.executionId).catch(() => null);
    return found !== null && isTerminal(found.status) ? found : withEnd(found ?? execution, end);
  }

  private async find(executionId: string): Promise<TaskExecution> {
    const execution = await this.store.getExecution(executionId);
    if (!execution) throw new ExecutionNotFoundError(executionId);
    return execution;
  }

  private enroll(
    executionId: string,
    timeout: number | null,
    signal?: AbortSignal,
  ): { next: () => Promise<ExecutionEffect | null>; leave: () => void } {
    let wake!: Waiter['wake'];
    let fail!: Waiter['fail'];
    let promise: Promise<ExecutionEffect | null>;
    const renew = (): void => {
      promise = new Promise((resolve, reject) => {
        wake = resolve;
        fail = reject;
      });
      promise.catch(() => undefined);
    };
    renew();
    const abort = (): void => fail(signal!.reason);
    let timer: ClockTimer | undefined;
    const arm = (left: number): void => {
      timer = this.clock.setTimer(Math.min(left, MAX_TIMER_MS), () => {
        if (left > MAX_TIMER_MS) arm(left - MAX_TIMER_MS);
        else fail(new WaitTimeoutError(executionId, timeout!));
      });
    };
    if (timeout !== null) arm(timeout);
    const removeListener = signal && onAbort(signal, abort);
    let waiters = this.waiting.get(executionId);
    if (!waiters) this.waiting.set(executionId, (waiters = new Set()));
    const waiter: Waiter = { wake: (end) => wake(end), fail: (error) => fail(error) };
    waiters.add(waiter);
    this.arm();
    return {
      next: async () => {
        const end = await promise;
        if (end === null) renew();
        return end;
      },
      leave: () => {
        timer?.cancel();
        removeListener?.();
        waiters.delete(waiter);
        if (waiters.size === 0) this.waiting.delete(executionId);
        if (this.waiting.size > 0 || !this.poll) return;
        this.poll.cancel();
        this.poll = null;
      },
    };
  }
}

function withEnd(execution: TaskExecution, end: ExecutionEffect): TaskExecution {
  const { status, reason } = end;
  const completedTime = new Date(end.time).toISOString();
  return withPriorityName({
    ...execution,
    status,
    error: copyOf(end.error),
    reason,
    completedTime,
    waitingFor: null,
    result: end.result === null ? null : parseJson(end.result),
  });
}
