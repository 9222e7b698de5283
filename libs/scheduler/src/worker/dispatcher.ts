import { Inject, Injectable, Logger } from '@nestjs/common';
import { CLOCK, type Clock, type ClockTimer } from '../core/clock.js';
import { settle, type RunToken, type Settlement } from '../core/commands.js';
import { CLAIM_PER_STEP } from '../core/limits.js';
import { Liveness } from '../core/liveness.js';
import type { Claim } from '../store/records.js';
import { TASK_STORE, type ExchangeReply, type ExchangeRequest, type WorkerStore } from '../store/task-store.js';
import { Backlog } from './backlog.js';
import { Executor } from './executor.js';
import { WORKER_SETTINGS, type WorkerSettings } from './worker-settings.js';

const RETRY_MS = [50, 100, 250, 500, 1000];
/** How often a store at a distance is asked for work although nothing was heard, and a backlog is looked after. */
const LOOK_EVERY_MS = 1000;

interface Lane {
  readonly number: number;
  sequence: number;
  busy: boolean;
  /** Runs that its trip under way has asked for. */
  asked: number;
}

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
  private readonly idleWaiters: (() => void)[] = [];
  private readonly tripWaiters: (() => void)[] = [];

  constructor(
    private readonly executor: Executor,
    private readonly liveness: Liveness,
    @Inject(TASK_STORE) private readonly store: WorkerStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(WORKER_SETTINGS) private readonly settings: WorkerSettings,
  ) {
    this.lanes = Array.from({ length: store.lanes }, (_, number) => ({ number, sequence: 0, busy: false, asked: 0 }));
    executor.connect(
      (settlement) => {
        this.settlements.push(settlement);
        this.schedule();
      },
      () => {
        if (this.backlog.size > 0) this.startNext();
        this.wake();
      },
    );
  }

  /** Called when the store does not know this worker; says hello. */
  rejoin: () => Promise<void> = () => Promise.resolve();

  open(): void {
    this.claiming = true;
    this.leaving = false;
    if (this.isRemote) this.look ??= this.clock.setRepeating(LOOK_EVERY_MS, () => this.lookAround());
    this.wake();
  }

  /** Ends claiming; what runs goes on and is settled, what has not begun goes back. */
  close(): void {
    this.claiming = false;
    this.look?.cancel();
    this.look = null;
    this.giveBack();
  }

  /** Work may be there. */
  wake(): void {
    this.woken = true;
    this.schedule();
  }

  /** Begins a claim that came by itself, or lets it wait for a slot. */
  take(claim: Claim): void {
    if (this.claiming && this.executor.vacant > 0) this.executor.start(claim);
    else this.backlog.push(claim, this.clock.monotonic());
    if (!this.claiming) this.giveBack();
  }

  /** Tokens of what is claimed and not settled. */
  tokens(): RunToken[] {
    return [...this.executor.tokens(), ...this.backlog.tokens()];
  }

  cancel(executionId: string): void {
    const waiting = this.backlog.remove(executionId);
    if (waiting) {
      this.settlements.push(settle.cancel(waiting, null));
      this.schedule();
    } else {
      this.executor.cancel(executionId);
    }
  }

  /** The run or its lock is no longer ours. */
  lose(executionId: string, why: 'LEASE_LOST' | 'LOCK_LOST'): void {
    const waiting = this.backlog.remove(executionId);
    if (!waiting) this.executor.lose(executionId, why);
    else if (why === 'LOCK_LOST') {
      this.settlements.push(settle.release(waiting));
      this.schedule();
    }
  }

  /** Resolves once nothing runs here, nothing is to be settled, and (while claiming) nothing can be claimed. */
  async idle(): Promise<void> {
    if (this.isIdle()) return;
    await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
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

  private get isRemote(): boolean {
    return this.lanes.length > 1;
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
    const claim = this.backlog.shift(this.clock.monotonic());
    if (claim) this.executor.start(claim);
  }

  /** A wake may have been lost on its way, and a long run may stand in the way of what was claimed ahead. */
  private lookAround(): void {
    if (this.backlog.standstill(this.clock.monotonic()) >= LOOK_EVERY_MS) {
      this.executor.pace?.slow();
      this.giveBack();
    }
    this.wake();
  }

  private giveBack(): void {
    if (this.backlog.size === 0) return;
    this.settlements.push(...this.backlog.releaseAll());
    this.schedule();
  }

  /** After everything that is ready to run in this turn of the event loop has run: that makes batches. */
  private schedule(): void {
    if (this.scheduled || !this.lanes.some((lane) => !lane.busy)) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.depart();
    });
  }

  private depart(): void {
    const lane = this.lanes.find((each) => !each.busy);
    if (!lane) return;
    const want = this.wanted();
    const isMore = this.woken && this.isPlenty;
    if (this.settlements.length > 0 || (this.woken && want > 0)) {
      lane.busy = true;
      void this.trip(lane, want).finally(() => {
        lane.busy = false;
        this.schedule();
        tellAll(this.tripWaiters);
      });
      // Where the last trip found all it wanted, the next one need not wait for this one.
      if (isMore && this.wanted() > 0) this.wake();
    } else if (this.isIdle()) {
      tellAll(this.idleWaiters);
    }
  }

  /** Runs that may be claimed now: for free slots and, where handlers are short and the store is far, some ahead. */
  private wanted(): number {
    if (!this.claiming) return 0;
    let asked = 0;
    for (const lane of this.lanes) asked += lane.asked;
    const ahead = this.executor.pace?.ahead ?? 0;
    const left = Math.max(0, this.executor.vacant + ahead - this.backlog.size - asked);
    if (!this.isRemote) return left;
    // Each lane gets its share, so that the store works on one trip while this process works on the other.
    const share = ahead > 0 ? Math.ceil((this.settings.maxConcurrentTasks + ahead) / this.lanes.length) : left;
    return Math.min(left, share, CLAIM_PER_STEP);
  }

  private async trip(lane: Lane, want: number): Promise<void> {
    const settlements = this.takeSettlements();
    this.woken = false;
    lane.asked = want;
    const request: ExchangeRequest = {
      workerId: this.settings.workerId,
      lane: lane.number,
      sequence: ++lane.sequence,
      settlements,
      ...(this.claiming ? { ...this.executor.offer(), want } : { want }),
      ...(this.isRemote && { handOver: Math.min(want, this.executor.vacant) }),
    };
    const reply = await this.exchange(request);
    lane.asked = 0;
    if (!reply) return;
    this.liveness.lastProgress = this.clock.monotonic();
    if (want > 0) this.isPlenty = this.isRemote && reply.claims.length === want;
    if (reply.more || this.isPlenty) this.woken = true;
    for (const claim of reply.claims) this.take(claim);
    reply.settled.forEach((outcome, i) => {
      if (outcome === 'stale')
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

  /** What has ended; from a store at a distance no more than one trip can take. */
  private takeSettlements(): Settlement[] {
    if (this.isRemote && this.settlements.length > CLAIM_PER_STEP) return this.settlements.splice(0, CLAIM_PER_STEP);
    const taken = this.settlements;
    this.settlements = [];
    return taken;
  }

  /**
   * The same request until it is answered: the store makes repeats harmless.
   * @returns null: not answered, and of no use any more
   */
  private async exchange(request: ExchangeRequest): Promise<ExchangeReply | null> {
    for (let failures = 0; ; failures++) {
      try {
        const reply = await this.store.exchange(request);
        if (reply.known) return reply;
        await this.rejoin();
        if (request.want > 0) this.woken = true;
        return reply;
      } catch (error) {
        if (failures === 0)
          this.logger.error(`the store does not answer: ${error instanceof Error ? error.message : String(error)}`);
        if (this.giveUp(request)) return null;
        const pause = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]!;
        await new Promise<void>((resolve) => this.clock.setTimer(pause, resolve));
      }
    }
  }
}

function tellAll(waiters: (() => void)[]): void {
  for (const resolve of waiters.splice(0)) resolve();
}
