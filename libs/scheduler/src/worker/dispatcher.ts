import { Inject, Injectable, Logger } from '@nestjs/common';
import { BootContext } from '../core/boot-context.js';
import { CLOCK, type Clock, type ClockTimer } from '../core/clock.js';
import { settle, type RunToken, type Settlement } from '../core/commands.js';
import { SchedulerClosedError, StoreScriptError } from '../core/errors.js';
import { CLAIM_PER_STEP, START_WITHIN_MS } from '../core/limits.js';
import { Liveness } from '../core/liveness.js';
import type { Claim } from '../store/records.js';
import { TASK_STORE, type ExchangeReply, type ExchangeRequest, type WorkerStore } from '../store/task-store.js';
import { Backlog, type WaitingClaim } from './backlog.js';
import { Executor } from './executor.js';
import { newLanes, type Demand, type Lane } from './lane.js';
import { countOfTrip } from './trip-size.js';
import { WORKER_SETTINGS, type WorkerSettings } from './worker-settings.js';

const RETRY_MS = [50, 100, 250, 500, 1000];
/** How often a store at a distance is asked for work although nothing was heard. */
const LOOK_EVERY_MS = 1000;

/**
 * The trips between this process and the store: each takes what has ended since the last one, and brings what may
 * start. As many at a time as the store has lanes for a worker; what ends meanwhile is gathered for the next.
 */
@Injectable()
export class Dispatcher {
  private readonly logger = new Logger('SchedulerWorker');
  private readonly lanes: Lane[];
  private readonly backlog = new Backlog();
  private settlements: Settlement[] = [];
  private claiming = false;
  /** Whether this worker goes: a store that does not answer then is left, and its leases bring back what it was not told. */
  private leaving = false;
  private heard = true;
  private scheduled = false;
  private woken = false;
  private isPlenty = false;
  private look: ClockTimer | null = null;
  private watch: ClockTimer | null = null;
  /** Queues that are paused, and since when by the store's time: what was claimed before does not begin any more. */
  private readonly pausedSince = new Map<string, number>();
  private readonly idleWaiters: (() => void)[] = [];
  private readonly tripWaiters: (() => void)[] = [];
  private readonly quietWaiters: (() => void)[] = [];

  constructor(
    private readonly executor: Executor,
    private readonly liveness: Liveness,
    private readonly context: BootContext,
    @Inject(TASK_STORE) private readonly store: WorkerStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(WORKER_SETTINGS) private readonly settings: WorkerSettings,
  ) {
    this.lanes = newLanes(store.lanes);
    executor.connect(
      (settlement) => this.settle(settlement),
      () => {
        if (this.backlog.size > 0) this.startNext();
        if (this.executor.inUse === 0) tellAll(this.quietWaiters);
        this.wake();
      },
    );
  }

  /** Called when the store does not know this worker; says hello. */
  rejoin: () => Promise<void> = () => Promise.resolve();

  open(): void {
    this.claiming = true;
    this.leaving = false;
    if (this.store.isShared) this.look ??= this.clock.setRepeating(LOOK_EVERY_MS, () => this.wake());
    this.wake();
  }

  /** Ends claiming; what runs goes on and is settled, what has not begun goes back. */
  close(): void {
    this.claiming = false;
    this.look?.cancel();
    this.look = null;
    this.giveBack();
  }

  /** What was claimed from this queue and has not begun goes back. @param since the store's time of the pause */
  pause(queue: string, since: number): void {
    this.pausedSince.set(queue, since);
    this.giveBack((waiting) => waiting.claim.queue === queue);
  }

  resume(queue: string): void {
    this.pausedSince.delete(queue);
  }

  /** Work may be there. */
  wake(): void {
    this.woken = true;
    this.schedule();
  }

  /**
   * Begins a claim, or lets it wait for a slot.
   * @param age ms since the store made it
   */
  take(claim: Claim, age: number): void {
    const waiting = { claim, startBy: this.store.isShared ? this.clock.monotonic() + START_WITHIN_MS - age : Infinity };
    if (this.claiming && this.executor.vacant > 0) this.begin(waiting);
    else this.backlog.push(waiting);
    if (!this.claiming) this.giveBack();
    else this.watchBacklog();
  }

  /** Tokens of what is claimed and not known to be settled. */
  tokens(): RunToken[] {
    const settled = [...this.settlements, ...this.lanes.flatMap((lane) => lane.carried)];
    const onTheirWay = settled.map(({ executionId, leaseToken }) => ({ executionId, leaseToken }));
    return [...this.executor.tokens(), ...this.backlog.tokens(), ...onTheirWay];
  }

  /** @param isMeant whether it is about this run: a later one of the execution may have begun here since */
  cancel(executionId: string, isMeant: (claim: Claim) => boolean): void {
    const waiting = this.backlog.remove(executionId, isMeant);
    if (waiting) this.settle(settle.cancel(waiting, null));
    else this.executor.cancel(executionId, isMeant);
  }

  /** The run or its lock is no longer ours. @param isMeant as for `cancel` */
  lose(executionId: string, why: 'LEASE_LOST' | 'LOCK_LOST', isMeant: (claim: Claim) => boolean): void {
    const waiting = this.backlog.remove(executionId, isMeant);
    if (!waiting) this.executor.lose(executionId, why, isMeant);
    else if (why === 'LOCK_LOST') this.settle(settle.release(waiting));
  }

  /** Resolves once nothing runs here, nothing is to be settled, and (while claiming) nothing can be claimed. */
  async idle(): Promise<void> {
    if (this.isIdle()) return;
    await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
  }

  /** Resolves once no handler runs here, whatever the store has been told of it. */
  async quiet(): Promise<void> {
    if (this.executor.inUse === 0) return;
    await new Promise<void>((resolve) => this.quietWaiters.push(resolve));
  }

  /** Whether the store has not yet confirmed all that has ended here. */
  get isOwing(): boolean {
    return this.settlements.length > 0 || this.lanes.some((lane) => lane.carried.length > 0);
  }

  /** Gives up what the store was not told, after a flush that took too long. */
  abandon(): void {
    this.settlements = [];
  }

  /**
   * Adds settlements and takes them to the store, now, before this worker leaves.
   * @returns false: the store did not answer
   */
  async flush(settlements: readonly Settlement[]): Promise<boolean> {
    this.settlements.push(...settlements);
    this.leaving = true;
    this.heard = true;
    this.schedule();
    while (this.settlements.length > 0 || this.isBusy)
      await new Promise<void>((resolve) => this.tripWaiters.push(resolve));
    return this.heard;
  }

  private get isBusy(): boolean {
    return this.lanes.some((lane) => lane.busy);
  }

  private isIdle(): boolean {
    return (
      this.executor.inUse === 0 &&
      this.backlog.size === 0 &&
      this.settlements.length === 0 &&
      !this.isBusy &&
      !(this.claiming && this.woken)
    );
  }

  private startNext(): void {
    for (let waiting = this.backlog.shift(); waiting; waiting = this.backlog.shift()) if (this.begin(waiting)) return;
  }

  /** What the store decided at the claim holds for a short time only: then it decides again. @returns whether it begins */
  private begin(waiting: WaitingClaim): boolean {
    const { claim } = waiting;
    const refused = this.isOver(waiting) ? settle.release(claim) : this.executor.refuseUnlocked(claim);
    if (refused) this.settle(refused);
    else this.executor.start(claim);
    return refused === null;
  }

  private isOver({ claim, startBy }: WaitingClaim): boolean {
    if (startBy < Infinity && this.clock.monotonic() > startBy) return true;
    return this.pausedSince.size > 0 && claim.startedTime <= (this.pausedSince.get(claim.queue) ?? -Infinity);
  }

  private watchBacklog(): void {
    if (this.watch !== null || this.backlog.size === 0) return;
    this.watch = this.clock.setTimer(START_WITHIN_MS / 2, () => {
      this.watch = null;
      this.giveBack((waiting) => this.isOver(waiting));
      this.watchBacklog();
    });
  }

  private giveBack(isOver?: (waiting: WaitingClaim) => boolean): void {
    const released = this.backlog.release(isOver);
    if (released.length > 0) {
      this.executor.pace?.slow();
      this.settlements.push(...released);
      this.schedule();
    }
    if (this.backlog.size === 0) {
      this.watch?.cancel();
      this.watch = null;
    }
  }

  private settle(settlement: Settlement): void {
    this.settlements.push(settlement);
    this.schedule();
  }

  /** After everything that is ready to run in this turn of the event loop has run: that makes batches. */
  private schedule(): void {
    if (this.scheduled || !this.lanes.some((lane) => !lane.busy)) return;
    this.scheduled = true;
    this.context.nextTurn(() => {
      this.scheduled = false;
      this.depart();
    });
  }

  private depart(): void {
    const lane = this.lanes.find((each) => !each.busy);
    if (!lane) return;
    const demand = this.demand();
    const isMore = this.woken && this.isPlenty;
    if (this.settlements.length > 0 || (this.woken && demand.want > 0)) {
      lane.busy = true;
      void this.trip(lane, demand).finally(() => {
        lane.busy = false;
        this.schedule();
        tellAll(this.tripWaiters);
      });
      // Where the last trip found all it wanted, the next one need not wait for this one.
      if (isMore && this.demand().want > 0) this.wake();
    } else if (this.isIdle()) {
      tellAll(this.idleWaiters);
    }
  }

  /** Runs that may be claimed now: for free slots and, where handlers are short and the store is far, some ahead. */
  private demand(): Demand {
    if (!this.claiming) return { want: 0, ahead: 0 };
    let here = this.backlog.size;
    for (const lane of this.lanes) here += lane.asked;
    const free = Math.max(0, this.executor.vacant - here);
    const { pace } = this.executor;
    if (!pace) return { want: free, ahead: 0 };
    const left = Math.max(0, Math.min(this.executor.vacant + pace.ahead - here, pace.atOnce - here));
    // Each lane gets its share, so that the store works on one trip while this process works on the other.
    const all = this.settings.maxConcurrentTasks + pace.ahead;
    const share = pace.ahead > 0 ? Math.ceil(all / this.lanes.length) : left;
    const want = Math.min(left, share, CLAIM_PER_STEP);
    return { want, ahead: Math.max(0, want - free) };
  }

  private async trip(lane: Lane, { want, ahead }: Demand): Promise<void> {
    const settlements = this.takeSettlements();
    this.woken = false;
    lane.asked = want;
    lane.carried = settlements;
    const request: ExchangeRequest = {
      workerId: this.settings.workerId,
      lane: lane.number,
      sequence: ++lane.sequence,
      settlements,
      ...(this.claiming ? { ...this.executor.offer(), want } : { want }),
      ...(this.store.isShared && { ahead, handOver: want - ahead }),
    };
    const reply = await this.exchange(request, lane);
    lane.asked = 0;
    lane.carried = [];
    if (!reply) return;
    this.liveness.lastProgress = this.clock.monotonic();
    if (want > 0) this.isPlenty = this.store.isShared && reply.claims.length === want;
    if (reply.more || this.isPlenty) this.woken = true;
    for (const claim of reply.claims) this.take(claim, reply.age ?? 0);
    reply.settled.forEach((outcome, i) => {
      if (outcome === 'stale' && settlements[i]!.kind !== 'release')
        this.logger.warn(`the result of ${settlements[i]!.executionId} came too late: the run had been taken away`);
    });
  }

  /** Gives up a request that was not answered, where it is of no use any more. @returns whether it did */
  private giveUp({ settlements }: ExchangeRequest): boolean {
    if (this.claiming) return false;
    if (settlements.length === 0) return true;
    if (!this.leaving) return false;
    this.settlements = [];
    this.heard = false;
    return true;
  }

  /** What has ended; to a store at a distance no more than one trip can take, in number and in size. */
  private takeSettlements(): Settlement[] {
    const count = this.store.isShared ? countOfTrip(this.settlements) : this.settlements.length;
    if (count < this.settlements.length) return this.settlements.splice(0, count);
    const taken = this.settlements;
    this.settlements = [];
    return taken;
  }

  /**
   * The same request until it is answered: the store makes repeats harmless.
   * @returns null: not answered, and of no use any more
   */
  private async exchange(request: ExchangeRequest, lane: Lane): Promise<ExchangeReply | null> {
    for (let failures = 0; ; failures++) {
      try {
        const reply = await this.store.exchange(request);
        if (reply.known) return reply;
        await this.rejoin();
        if (request.want > 0) this.woken = true;
        return reply;
      } catch (error) {
        if (failures === 0 && !(error instanceof SchedulerClosedError))
          this.logger.error(`the store does not respond: ${error instanceof Error ? error.message : String(error)}`);
        if (this.giveUp(request)) return null;
        // What a refused trip has asked for does not come: the other lanes may ask for it.
        if (error instanceof StoreScriptError) lane.asked = 0;
        const pause = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]!;
        await new Promise<void>((resolve) => this.clock.setTimer(pause, resolve));
      }
    }
  }
}

function tellAll(waiters: (() => void)[]): void {
  for (const resolve of waiters.splice(0)) resolve();
}
