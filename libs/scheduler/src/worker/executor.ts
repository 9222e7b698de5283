import { Inject, Injectable, Logger } from '@nestjs/common';
import { BootContext } from '../core/boot-context.js';
import { CLOCK, within, type Clock } from '../core/clock.js';
import { settle, type RunToken, type Settlement } from '../core/commands.js';
import { HandlerNotFoundError, RunAbortedError, TaskCancelledError, TaskTimeoutError } from '../core/errors.js';
import { isInstance, toErrorInfo, type ErrorInfo } from '../core/failure.js';
import { serializeResult, type JsonText } from '../core/json.js';
import { RETRY_IF_MS } from '../core/limits.js';
import { valueOf } from '../core/payload.js';
import { lockNeed } from '../core/plan-execution.js';
import { Liveness } from '../core/liveness.js';
import { allowanceOf } from '../core/run-budget.js';
import { TaskRetryManager, type RetryDecision } from '../retry/task-retry-manager.js';
import type { Claim } from '../store/records.js';
import { TASK_STORE, type ExecutionStore, type WorkerStore } from '../store/task-store.js';
import { isRefusal } from '../task/handler-enhancers.js';
import { HandlerRegistry } from '../task/handler-registry.js';
import { resultLater } from '../task/handler-result.js';
import { TaskCatalog } from '../task/task-catalog.js';
import { TaskContext, type RunReporter } from '../task/task-context.js';
import { fetchResults } from './fetch-results.js';
import { PrefetchLimit } from './prefetch-limit.js';
import { RunReports } from './run-reports.js';
import { Run } from './run.js';
import { Slots } from './slots.js';
import { WORKER_SETTINGS, type WorkerSettings } from './worker-settings.js';

/** Maximum number of prefetched runs: enough for two round trips of the best size at a time. */
const MAX_PREFETCH = 400;

/**
 * Runs handlers: invoke, limit by timeout, decide the settlement, report it. A run is settled once. Its slot becomes
 * free when its handler has returned, so concurrency is never exceeded.
 */
@Injectable()
export class Executor {
  private readonly logger = new Logger('SchedulerWorker');
  private readonly runs = new Map<string, Run>();
  private readonly slots: Slots;
  /** null for a store in this process: a claim starts in the turn in which it is made. */
  readonly prefetchLimit: PrefetchLimit | null;
  private readonly reports: RunReports;
  private readonly report: RunReporter = (claim, report) => this.context.run(() => this.reports.add(claim, report));
  private onSettled: (settlement: Settlement) => void = () => undefined;
  private onFree: () => void = () => undefined;

  constructor(
    private readonly catalog: TaskCatalog,
    private readonly handlers: HandlerRegistry,
    private readonly retries: TaskRetryManager,
    private readonly liveness: Liveness,
    private readonly context: BootContext,
    @Inject(TASK_STORE) private readonly store: ExecutionStore & WorkerStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(WORKER_SETTINGS) private readonly settings: WorkerSettings,
  ) {
    this.slots = new Slots(settings);
    // Rules of a queue in this process apply at the claim, so nothing is prefetched.
    const cap = this.slots.hasRules ? 0 : MAX_PREFETCH;
    this.prefetchLimit = store.isShared ? new PrefetchLimit(settings.maxConcurrentTasks, cap) : null;
    this.reports = new RunReports(store, ({ executionId }, error) =>
      this.logger.warn(`progress of ${executionId} was not stored: ${String(error)}`),
    );
  }

  /** Sets the receivers of settlements and of freed slots. */
  connect(onSettled: (settlement: Settlement) => void, onFree: () => void): void {
    this.onSettled = onSettled;
    this.onFree = onFree;
  }

  /** The slots as claims see them. */
  get rules(): Pick<Slots, 'hasRules' | 'offer'> {
    return this.slots;
  }

  /** Unused slots. */
  get freeSlots(): number {
    return this.slots.freeSlots;
  }

  /** Used slots: active runs, and settled ones whose handler has not returned. */
  get inUse(): number {
    return this.slots.inUse;
  }

  /** Number of slots freed so far. */
  get freed(): number {
    return this.slots.freed;
  }

  /** Tokens of the runs that are not settled. */
  tokens(): RunToken[] {
    return [...this.runs.values()].map(({ claim }) => ({
      executionId: claim.executionId,
      leaseToken: claim.leaseToken,
    }));
  }

  /**
   * Handles a claim without a lock whose task requires one: it was scheduled before a deploy that added it. It goes
   * back, and is claimed again with the lock.
   * @returns null if it may start
   */
  refuseUnlocked(claim: Claim): Settlement | null {
    const task = this.catalog.get(claim.taskId);
    if (!task?.requireLock || claim.lockKey !== null) return null;
    try {
      return settle.releaseForLock(claim, lockNeed(task, valueOf(claim.payload)));
    } catch (error) {
      return settle.fail(claim, toErrorInfo(error), 'NON_RETRYABLE');
    }
  }

  start(claim: Claim): void {
    this.slots.take(claim);
    this.liveness.runningTasks++;
    const run = new Run(
      claim,
      new TaskContext(claim, this.report, this.settings.redaction),
      this.prefetchLimit === null ? 0 : this.clock.monotonic(),
    );
    this.runs.set(claim.executionId, run);
    let value: unknown;
    try {
      value = claim.resultsLeft === undefined ? this.invoke(run) : this.invokeWithResults(run);
    } catch (error) {
      this.recordBlocked(run);
      return this.failed(run, error);
    }
    this.recordBlocked(run);
    this.returned(run, value);
  }

  /** Handles the return value of a handler, or of its promise: the result, or an Observable. */
  private returned(run: Run, value: unknown): void {
    if (run.settled) return this.release(run);
    let later: Promise<unknown> | null;
    try {
      later = resultLater(value, () => run.ctx.signal);
    } catch (error) {
      return this.failed(run, error);
    }
    if (later === null) return this.succeeded(run, value);
    later.then(
      (result) => this.returned(run, result),
      (error: unknown) => this.failed(run, error),
    );
  }

  /** @param matches whether this is the run to cancel, not an earlier one of the execution */
  cancel(executionId: string, matches: (claim: Claim) => boolean): void {
    const run = this.runs.get(executionId);
    if (run && matches(run.claim)) this.stop(run, 'cancel', new TaskCancelledError(executionId));
  }

  /**
   * The worker has lost the run or its lock: aborts the handler. The store refuses its later reports.
   * @param matches as for `cancel`
   */
  lose(executionId: string, why: 'LEASE_LOST' | 'LOCK_LOST', matches: (claim: Claim) => boolean): void {
    const run = this.runs.get(executionId);
    if (!run || !matches(run.claim)) return;
    const reason = new RunAbortedError(executionId, why);
    if (!run.mayBeLost || run.settled) return this.stop(run, 'lost', reason);
    run.mayBeLost = false;
    run.timer = this.clock.setTimer(this.settings.abortGrace, () => this.abandon(run, reason));
  }

  /**
   * The lease may have expired: aborts every run. The store decides whether to accept their results. @returns how many
   * are aborted now
   */
  abortAllAsLost(): number {
    const running = [...this.runs.values()].filter((run) => !run.settled && run.stop === null);
    for (const run of running) {
      run.stop = 'lost';
      run.mayBeLost = true;
      run.timer?.cancel();
      run.ctx.abort(new RunAbortedError(run.claim.executionId, 'LEASE_LOST'));
    }
    return running.length;
  }

  /** Aborts every run, at the end of a graceful stop. */
  abortAll(): void {
    for (const run of this.runs.values())
      this.stop(run, 'shutdown', new RunAbortedError(run.claim.executionId, 'SHUTDOWN'));
  }

  /** The settlements that return all unfinished runs to the head of their queues. */
  releaseAll(): Settlement[] {
    const released: Settlement[] = [];
    for (const run of this.runs.values()) {
      if (run.settled) continue;
      this.closeStuck(run);
      released.push(settle.release(run.claim));
    }
    return released;
  }

  private async invokeWithResults(run: Run): Promise<unknown> {
    await fetchResults(run, this.store, this.clock, (error) =>
      this.logger.warn(`results for ${run.claim.executionId} could not be fetched, retrying: ${String(error)}`),
    );
    // The handler does not start if the run was cancelled, lost or shut down meanwhile.
    run.ctx.signal.throwIfAborted();
    return run.settled ? undefined : this.invoke(run);
  }

  private invoke(run: Run): unknown {
    const { claim } = run;
    if (claim.timeout !== null) this.limit(run, claim.timeout);
    const funcPath = this.catalog.get(claim.taskId)?.funcPath ?? claim.taskId;
    const handler = this.handlers.get(funcPath);
    if (!handler) throw new HandlerNotFoundError(funcPath, claim.taskId);
    return this.context.run(handler, valueOf(claim.payload), run.ctx);
  }

  private recordBlocked(run: Run): void {
    this.prefetchLimit?.recordBlocked(this.clock.monotonic() - run.startedAt);
  }

  private limit(run: Run, timeout: number): void {
    run.timer = this.clock.setTimer(timeout, () =>
      this.stop(run, 'timeout', new TaskTimeoutError(run.claim.taskId, timeout)),
    );
  }

  /** Aborts the handler; settles without it if it does not return within the grace period. */
  private stop(run: Run, cause: Run['stop'], reason: Error): void {
    if (run.settled || run.stop !== null) return;
    run.stop = cause;
    run.timer?.cancel();
    run.timer = this.clock.setTimer(this.settings.abortGrace, () => this.abandon(run, reason));
    this.context.run(() => run.ctx.abort(reason));
  }

  private abandon(run: Run, reason: Error): void {
    if (run.settled) return;
    this.logger.warn(
      `${run.claim.taskId} (${run.claim.executionId}) ignores its signal; its slot stays occupied until it returns`,
    );
    // A cancel is finalized by the store at the same instant, and a lost run cannot be settled here.
    if (run.stop !== 'timeout') return this.closeStuck(run);
    this.conclude(run, reason, (settlement) => {
      if (run.settled) return;
      this.closeStuck(run);
      this.onSettled(settlement);
    });
  }

  private succeeded(run: Run, result: unknown): void {
    if (run.settled) return this.release(run);
    if (run.stop === 'timeout') return this.failed(run, new TaskTimeoutError(run.claim.taskId, run.claim.timeout!));
    let text: JsonText | null;
    try {
      text = serializeResult(result);
    } catch (error) {
      this.end(run, settle.fail(run.claim, errorOf(run, error), 'NON_RETRYABLE'));
      return;
    }
    this.end(run, settle.complete(run.claim, text));
  }

  private failed(run: Run, error: unknown): void {
    if (run.settled) return this.release(run);
    // The handler has returned: from here on it cannot time out.
    if (run.stop === null) run.timer?.cancel();
    const thrown = run.stop === 'timeout' ? new TaskTimeoutError(run.claim.taskId, run.claim.timeout!) : error;
    this.conclude(run, thrown, (settlement) => {
      if (run.settled) this.release(run);
      else this.end(run, settlement);
    });
  }

  /** Decides what follows: at once, or after a slow retryIf has decided. */
  private conclude(run: Run, error: unknown, end: (settlement: Settlement) => void): void {
    const decided = this.decide(run, error);
    if (!(decided instanceof Promise)) return end(decided);
    const { stop } = run;
    void decided.then((settlement) => {
      // A stop meanwhile takes precedence.
      if (run.stop === stop || run.settled) end(settlement);
      else this.conclude(run, error, end);
    });
  }

  private decide(run: Run, error: unknown): Settlement | Promise<Settlement> {
    const { claim } = run;
    if (run.stop === 'cancel') return settle.cancel(claim, errorOf(run, error));
    if (run.stop === 'shutdown' || run.stop === 'lost') return settle.release(claim);
    if (isRefusal(error)) return settle.fail(claim, errorOf(run, error), 'FORBIDDEN');
    const allowance = allowanceOf(claim.budget, this.catalog.get(claim.taskId));
    const { failures, snoozes, run: attempt } = claim;
    const failed = { ...allowance, failures: failures + 1, snoozes, attempt, error };
    const decision = this.context.run(() => this.retries.decide(failed));
    if (!(decision instanceof Promise)) return settlementOf(run, error, decision);
    const late = (): RetryDecision => {
      this.logger.warn(`retryIf of ${claim.taskId} did not return within ${RETRY_IF_MS} ms: no retry`);
      return { kind: 'fail', reason: 'NON_RETRYABLE' };
    };
    return within(this.clock, RETRY_IF_MS, decision, late).then((made) => settlementOf(run, error, made));
  }

  private end(run: Run, settlement: Settlement): void {
    this.close(run);
    this.onSettled(settlement);
    this.release(run);
  }

  /** From here on the run is settled, whatever its handler reports. */
  private close(run: Run): void {
    run.settled = true;
    run.timer?.cancel();
    this.reports.end(run.claim);
    if (this.runs.get(run.claim.executionId) === run) this.runs.delete(run.claim.executionId);
    this.liveness.runningTasks--;
  }

  /** Settled without its handler, which has not returned: the slot stays occupied. */
  private closeStuck(run: Run): void {
    this.close(run);
    run.stuck = true;
    this.liveness.stuckTasks++;
  }

  /** The handler has returned. */
  private release(run: Run): void {
    if (run.stuck) this.liveness.stuckTasks--;
    this.prefetchLimit?.record(this.clock.monotonic() - run.startedAt);
    this.slots.free(run.claim);
    this.onFree();
  }
}

function settlementOf(run: Run, error: unknown, decision: RetryDecision): Settlement {
  const info = errorOf(run, error);
  if (decision.kind === 'retry') return settle.retry(run.claim, info, decision.delay);
  if (decision.kind === 'snooze') return settle.snooze(run.claim, info, decision.delay);
  return settle.fail(run.claim, info, isInstance(error, TaskTimeoutError) ? 'TIMEOUT' : decision.reason);
}

/** The error as stored and emitted: without the secrets of the payload. */
function errorOf({ ctx }: Run, error: unknown): ErrorInfo {
  return toErrorInfo(error, (text) => ctx.clean(text));
}
