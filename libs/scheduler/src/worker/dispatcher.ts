import { Inject, Injectable, Logger } from '@nestjs/common';
import { BootContext } from '../core/boot-context.js';
import { CLOCK, type Clock, type ClockTimer } from '../core/clock.js';
import { settle, type RunToken, type Settlement } from '../core/commands.js';
import { SchedulerClosedError, StoreScriptError } from '../core/errors.js';
import { START_WITHIN_MS } from '../core/limits.js';
import { Liveness } from '../core/liveness.js';
import type { Claim } from '../store/records.js';
import { TASK_STORE, type ExchangeReply, type ExchangeRequest, type WorkerStore } from '../store/task-store.js';
import { demandFor, NO_DEMAND, type Demand } from './demand.js';
import { Executor } from './executor.js';
import { isFree, newPipelines, type Pipeline } from './pipeline.js';
import { PrefetchedClaims, type PrefetchedClaim } from './prefetched-claims.js';
import { fitIntoRoundTrip } from './round-trip-size.js';
import { NO_OFFER } from './slots.js';
import { StartRule } from './start-rule.js';
import { WORKER_SETTINGS, type WorkerSettings } from './worker-settings.js';

const RETRY_MS = [50, 100, 250, 500, 1000];
/** Interval of polls for work on a remote store that does not report missed work, ms. */
const POLL_INTERVAL_MS = 1000;

/**
 * The round trips between this process and the store: each sends the settlements since the last one and receives new
 * claims. There are as many at a time as the store has pipelines for a worker; settlements meanwhile are batched for the
 * next.
 */
@Injectable()
export class Dispatcher {
  private readonly logger = new Logger('SchedulerWorker');
  private readonly pipelines: Pipeline[];
  private readonly prefetched = new PrefetchedClaims();
  private settlements: Settlement[] = [];
  private claiming = false;
  /** Whether this worker is leaving: it does not wait for a silent store, and leases recover unreported runs. */
  private leaving = false;
  private isAcknowledged = true;
  private scheduled = false;
  private woken = false;
  private mayHaveMore = false;
  private poll: ClockTimer | null = null;
  private watch: ClockTimer | null = null;
  private readonly rule: StartRule;
  private readonly idleWaiters: (() => void)[] = [];
  private readonly roundTripWaiters: (() => void)[] = [];
  private readonly quietWaiters: (() => void)[] = [];

  constructor(
    private readonly executor: Executor,
    private readonly liveness: Liveness,
    private readonly context: BootContext,
    @Inject(TASK_STORE) private readonly store: WorkerStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(WORKER_SETTINGS) private readonly settings: WorkerSettings,
  ) {
    this.pipelines = newPipelines(store.pipelines);
    this.rule = new StartRule(clock, store.isShared);
    executor.connect(
      (settlement) => this.settle(settlement),
      () => {
        if (this.prefetched.size > 0) this.startNext();
        if (this.executor.inUse === 0) resolveAll(this.quietWaiters);
        this.wake();
      },
    );
  }

  /** Registers this worker again, if the store does not know it. */
  register: () => Promise<void> = () => Promise.resolve();

  open(): void {
    this.claiming = true;
    this.leaving = false;
    if (this.store.isShared && !this.store.reportsWork)
      this.poll ??= this.clock.setRepeating(POLL_INTERVAL_MS, () => this.wake());
    this.wake();
  }

  /** Stops claiming. Active runs continue and are settled; claims that have not started go back. */
  close(): void {
    this.claiming = false;
    this.poll?.cancel();
    this.poll = null;
    this.releasePrefetched();
  }

  /** Returns claims of this queue that have not started. @param since the store's time of the pause */
  pause(queue: string, since: number): void {
    this.rule.pause(queue, since);
    this.releasePrefetched((waiting) => waiting.claim.queue === queue);
  }

  resume(queue: string): void {
    this.rule.resume(queue);
  }

  /** Work may be available. */
  wake(): void {
    this.woken = true;
    this.schedule();
  }

  /**
   * Starts a claim, or lets it wait for a slot.
   * @param age ms since the store made it
   * @param within ms after which it goes back, if its request named them
   */
  take(claim: Claim, age: number, within?: number): void {
    const waiting = this.rule.date(claim, age, within);
    if (this.claiming && this.executor.freeSlots > 0) this.begin(waiting);
    else this.prefetched.push(waiting);
    if (!this.claiming) this.releasePrefetched();
    else this.watchPrefetched();
  }

  /** Tokens of claims that are not known to be settled. */
  tokens(): RunToken[] {
    const settled = [...this.settlements, ...this.pipelines.flatMap((pipeline) => pipeline.carried)];
    const onTheirWay = settled.map(({ executionId, leaseToken }) => ({ executionId, leaseToken }));
    return [...this.executor.tokens(), ...this.prefetched.tokens(), ...onTheirWay];
  }

  /** @param matches whether the claim is the one to cancel: a later run of the execution may have started here since */
  cancel(executionId: string, matches: (claim: Claim) => boolean): void {
    const waiting = this.prefetched.remove(executionId, matches);
    if (waiting) this.settle(settle.cancel(waiting, null));
    else this.executor.cancel(executionId, matches);
  }

  /** The worker has lost the run or its lock. @param matches as for `cancel` */
  lose(executionId: string, why: 'LEASE_LOST' | 'LOCK_LOST', matches: (claim: Claim) => boolean): void {
    const waiting = this.prefetched.remove(executionId, matches);
    if (!waiting) this.executor.lose(executionId, why, matches);
    else if (why === 'LOCK_LOST') this.settle(settle.release(waiting));
  }

  /** Resolves when nothing runs here, nothing is to be settled, and (while claiming) nothing can be claimed. */
  async idle(): Promise<void> {
    if (this.isIdle()) return;
    await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
  }

  /** Resolves when no handler runs here, whether or not the store knows. */
  async quiet(): Promise<void> {
    if (this.executor.inUse === 0) return;
    await new Promise<void>((resolve) => this.quietWaiters.push(resolve));
  }

  /** Whether the store has not confirmed all settlements. */
  get hasUnreported(): boolean {
    return this.settlements.length > 0 || this.pipelines.some((pipeline) => pipeline.carried.length > 0);
  }

  /** Gives up unreported settlements, after a flush that took too long. */
  abandon(): void {
    this.settlements = [];
  }

  /**
   * Adds settlements and sends them to the store at once, before this worker leaves.
   * @returns false if the store did not respond
   */
  async flush(settlements: readonly Settlement[]): Promise<boolean> {
    this.settlements.push(...settlements);
    this.leaving = true;
    this.isAcknowledged = true;
    this.schedule();
    while (this.settlements.length > 0 || this.pipelines.some((pipeline) => pipeline.busy))
      await new Promise<void>((resolve) => this.roundTripWaiters.push(resolve));
    return this.isAcknowledged;
  }

  private isIdle(): boolean {
    return (
      this.executor.inUse === 0 &&
      this.prefetched.size === 0 &&
      this.settlements.length === 0 &&
      !this.pipelines.some((pipeline) => pipeline.busy) &&
      !(this.claiming && this.woken)
    );
  }

  private startNext(): void {
    for (let waiting = this.prefetched.shift(); waiting; waiting = this.prefetched.shift())
      if (this.begin(waiting)) return;
  }

  /** Starts a claim, or returns it if the store's decision is too old. @returns whether it starts */
  private begin(waiting: PrefetchedClaim): boolean {
    const { claim } = waiting;
    const refused = this.rule.isOver(waiting) ? settle.release(claim) : this.executor.refuseUnlocked(claim);
    if (refused) this.settle(refused);
    else this.executor.start(claim);
    return refused === null;
  }

  private watchPrefetched(): void {
    if (this.watch !== null || this.prefetched.size === 0) return;
    this.watch = this.clock.setTimer(START_WITHIN_MS / 2, () => {
      this.watch = null;
      this.releasePrefetched((waiting) => this.rule.isOver(waiting));
      this.watchPrefetched();
    });
  }

  private releasePrefetched(isOver?: (waiting: PrefetchedClaim) => boolean): void {
    const released = this.prefetched.release(isOver);
    if (released.length > 0) {
      this.executor.prefetchLimit?.reset();
      this.settlements.push(...released);
      this.schedule();
    }
    if (this.prefetched.size === 0) {
      this.watch?.cancel();
      this.watch = null;
    }
  }

  private settle(settlement: Settlement): void {
    this.settlements.push(settlement);
    this.schedule();
  }

  /** After all tasks of this turn of the event loop, which makes larger batches. */
  private schedule(): void {
    if (this.scheduled || !this.pipelines.some(isFree)) return;
    this.scheduled = true;
    this.context.nextTurn(() => {
      this.scheduled = false;
      this.send();
    });
  }

  private send(): void {
    const pipeline = this.pipelines.find(isFree);
    if (!pipeline) return;
    const demand = this.demand();
    const isMore = this.woken && this.mayHaveMore;
    if (this.settlements.length > 0 || (this.woken && demand.count > 0)) {
      pipeline.busy = true;
      void this.roundTrip(pipeline, demand).finally(() => {
        pipeline.busy = false;
        this.schedule();
        resolveAll(this.roundTripWaiters);
      });
      // If the last round trip returned all that was requested, the next one does not wait for this one.
      if (isMore && this.demand().count > 0) this.wake();
    } else if (this.isIdle()) {
      resolveAll(this.idleWaiters);
    }
  }

  private demand(): Demand {
    if (!this.claiming) return NO_DEMAND;
    return demandFor({
      free: this.executor.freeSlots,
      slots: this.settings.maxConcurrentTasks,
      waiting: this.prefetched.size + this.pipelines.reduce((sum, { requested }) => sum + requested, 0),
      pipelines: this.pipelines.length,
      limit: this.executor.prefetchLimit,
    });
  }

  private async roundTrip(pipeline: Pipeline, { count, prefetch }: Demand): Promise<void> {
    const settlements = this.takeSettlements();
    const [{ within }, { rules }] = [this.rule, this.executor];
    const { isWithheld, offered, request: limits } = this.claiming ? rules.offer(count, this.pipelines) : NO_OFFER;
    // A direct dispatch does not know the rules of this process.
    const dispatchSlots = rules.hasRules ? 0 : count - prefetch;
    this.woken = false;
    Object.assign(pipeline, { requested: count, offered, carried: settlements });
    const request: ExchangeRequest = {
      workerId: this.settings.workerId,
      pipeline: pipeline.number,
      sequence: ++pipeline.sequence,
      settlements,
      demand: count,
      ...limits,
      ...(this.store.isShared && { prefetch, dispatchSlots, startWithin: within }),
    };
    const reply = await this.exchange(request, pipeline);
    const [received, age] = [this.clock.monotonic(), reply?.age ?? 0];
    if (reply && reply.claims.length > 0 && this.rule.noteReply(age)) this.executor.prefetchLimit?.reset();
    Object.assign(pipeline, { requested: 0, offered: {}, carried: [] });
    if (!reply) return;
    this.settlements.unshift(...settlements.filter((_, i) => reply.settled[i] === 'deferred'));
    this.liveness.lastProgress = this.clock.monotonic();
    if (count > 0) this.mayHaveMore = this.store.isShared && reply.claims.length === count;
    if (reply.more || this.mayHaveMore || isWithheld) this.woken = true;
    // Without other processes, claims do not become outdated.
    const ageNow = this.store.isShared ? () => age + this.clock.monotonic() - received : () => 0;
    for (const claim of reply.claims) this.take(claim, ageNow(), within);
    // It may have offered fewer slots than are free now: what cannot be prefetched still waits.
    if (!this.woken && count > 0 && reply.claims.length >= count - prefetch) {
      const next = this.demand();
      this.woken = next.count > next.prefetch;
    }
    reply.settled.forEach((outcome, i) => {
      if (outcome === 'stale' && settlements[i]!.kind !== 'release')
        this.logger.warn(`the result of ${settlements[i]!.executionId} was late: this worker no longer has the run`);
    });
  }

  /** Gives up a request without a reply if it has become useless. @returns whether it did */
  private giveUp({ settlements }: ExchangeRequest): boolean {
    if (this.claiming) return false;
    if (settlements.length === 0) return true;
    if (!this.leaving) return false;
    this.settlements = [];
    this.isAcknowledged = false;
    return true;
  }

  /** The pending settlements; for a remote store, at most what one round trip can carry, in number and size. */
  private takeSettlements(): Settlement[] {
    const count = this.store.isShared ? fitIntoRoundTrip(this.settlements) : this.settlements.length;
    if (count < this.settlements.length) return this.settlements.splice(0, count);
    const taken = this.settlements;
    this.settlements = [];
    return taken;
  }

  /**
   * Repeats the same request until there is a reply: the store makes repeats harmless.
   * @returns null if there was no reply and the request has become useless
   */
  private async exchange(request: ExchangeRequest, pipeline: Pipeline): Promise<ExchangeReply | null> {
    for (let failures = 0; ; failures++) {
      try {
        const reply = await this.store.exchange(request);
        if (reply.known) return reply;
        await this.register();
        if (request.demand > 0) this.woken = true;
        return reply;
      } catch (error) {
        if (failures === 0 && !(error instanceof SchedulerClosedError))
          this.logger.error(`the store does not respond: ${error instanceof Error ? error.message : String(error)}`);
        if (this.giveUp(request)) return null;
        // A refused round trip brings no claims: the other pipelines may request them.
        if (error instanceof StoreScriptError) Object.assign(pipeline, { requested: 0, offered: {} });
        const pause = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]!;
        await new Promise<void>((resolve) => this.clock.setTimer(pause, resolve));
      }
    }
  }
}

function resolveAll(waiters: (() => void)[]): void {
  for (const resolve of waiters.splice(0)) resolve();
}
