import { Inject, Injectable, Logger } from '@nestjs/common';
import { CLOCK, type Clock } from '../core/clock.js';
import type { Settlement } from '../core/commands.js';
import { Liveness } from '../core/liveness.js';
import { TASK_STORE, type ExchangeReply, type ExchangeRequest, type WorkerStore } from '../store/task-store.js';
import { Executor } from './executor.js';
import { WORKER_SETTINGS, type WorkerSettings } from './worker-settings.js';

const RETRY_MS = [50, 100, 250, 500, 1000];

/**
 * The trips between this process and the store: each takes what has ended since the last one, and brings what may
 * start. One trip at a time; what ends meanwhile is gathered for the next.
 */
@Injectable()
export class Dispatcher {
  private readonly logger = new Logger('SchedulerWorker');
  private settlements: Settlement[] = [];
  private sequence = 0;
  private claiming = false;
  private inFlight: Promise<void> | null = null;
  private scheduled = false;
  private woken = false;
  private idleWaiters: (() => void)[] = [];

  constructor(
    private readonly executor: Executor,
    private readonly liveness: Liveness,
    @Inject(TASK_STORE) private readonly store: WorkerStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(WORKER_SETTINGS) private readonly settings: WorkerSettings,
  ) {
    executor.connect(
      (settlement) => {
        this.settlements.push(settlement);
        this.schedule();
      },
      () => this.wake(),
    );
  }

  /** Called when the store does not know this worker; says hello. */
  rejoin: () => Promise<void> = () => Promise.resolve();

  open(): void {
    this.claiming = true;
    this.wake();
  }

  /** Ends claiming; what runs goes on and is settled. */
  close(): void {
    this.claiming = false;
  }

  /** Work may be there. */
  wake(): void {
    this.woken = true;
    this.schedule();
  }

  /** Resolves once nothing runs here, nothing is to be settled, and (while claiming) nothing can be claimed. */
  async idle(): Promise<void> {
    if (this.isIdle()) return;
    await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
  }

  /** Adds settlements and takes them to the store, now. */
  async flush(settlements: readonly Settlement[]): Promise<void> {
    this.settlements.push(...settlements);
    while (this.settlements.length > 0 || this.inFlight) {
      this.inFlight ??= this.pump();
      await this.inFlight;
    }
  }

  private isIdle(): boolean {
    return (
      this.executor.inUse === 0 &&
      this.settlements.length === 0 &&
      this.inFlight === null &&
      !(this.claiming && this.woken)
    );
  }

  /** After everything that is ready to run in this turn of the event loop has run: that makes batches. */
  private schedule(): void {
    if (this.scheduled || this.inFlight) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      if (this.inFlight) return;
      // A pump without a trip ends before its promise is kept here, and would stand in flight for ever.
      if (this.hasTrip()) this.inFlight = this.pump();
      else if (this.isIdle()) this.tellIdle();
    });
  }

  private async pump(): Promise<void> {
    try {
      if (this.hasTrip()) await this.trip();
    } finally {
      this.inFlight = null;
      if (this.hasTrip()) this.schedule();
      else if (this.isIdle()) this.tellIdle();
    }
  }

  private hasTrip(): boolean {
    return this.settlements.length > 0 || (this.claiming && this.woken && this.executor.offer().want > 0);
  }

  private async trip(): Promise<void> {
    const settlements = this.settlements;
    this.settlements = [];
    this.woken = false;
    const offer = this.claiming ? this.executor.offer() : { want: 0 };
    const request: ExchangeRequest = {
      workerId: this.settings.workerId,
      lane: 0,
      sequence: ++this.sequence,
      settlements,
      ...offer,
    };
    const reply = await this.exchange(request);
    this.liveness.lastProgress = this.clock.monotonic();
    if (reply.more) this.woken = true;
    for (const claim of reply.claims) this.executor.start(claim);
    reply.settled.forEach((outcome, i) => {
      if (outcome === 'stale')
        this.logger.warn(`the result of ${settlements[i]!.executionId} came too late: the run had been taken away`);
    });
  }

  /** The same request until it is answered: the store makes repeats harmless. */
  private async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
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
        const pause = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]!;
        await new Promise<void>((resolve) => this.clock.setTimer(pause, resolve));
      }
    }
  }

  private tellIdle(): void {
    const waiters = this.idleWaiters;
    this.idleWaiters = [];
    for (const resolve of waiters) resolve();
  }
}
