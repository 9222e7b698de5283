import { Logger } from '@nestjs/common';
import type { SchedulerRegistry } from '@nestjs/schedule';
import type { Clock, ClockTimer } from '../core/clock.js';
import { InvalidOptionError, SchedulerClosedError } from '../core/errors.js';

/**
 * A periodic duty with a common start and stop, and never two passes at once. Its interval is in the SchedulerRegistry
 * as 'scheduler:<scheduler>:<duty>'; deleting it there ends the duty.
 */
export abstract class Actor {
  protected readonly logger = new Logger('SchedulerMaintenance');
  private interval: ClockTimer | null = null;
  /** `at` is monotonic, as is the timer. */
  private alarm: { at: number; timer: ClockTimer } | null = null;
  private passing: Promise<void> | null = null;
  private again = false;
  private isStopped = false;

  /** Called after each pass with its error; null: success. */
  onPass: (duty: string, error: unknown) => void = () => undefined;

  protected constructor(
    private readonly timerName: string,
    /** ms between passes. */
    private readonly every: number,
    private readonly registry: SchedulerRegistry,
    protected readonly clock: Clock,
  ) {}

  /** One pass of the duty. */
  protected abstract pass(): Promise<void>;

  /** Whether an interval needs a pass. */
  protected isDue(): Promise<boolean> {
    return Promise.resolve(true);
  }

  start(): void {
    if (this.interval) return;
    this.isStopped = false;
    if (this.registry.doesExist('interval', this.timerName))
      throw new InvalidOptionError('name', this.timerName, 'a different name for each scheduler of an app');
    this.interval = this.clock.setRepeating(this.every, () => void this.run(() => this.isDue()));
    this.registry.addInterval(this.timerName, this.interval.handle ?? {});
    // Work that became due before the start has no other trigger.
    void this.run();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.again = false;
    this.interval?.cancel();
    this.interval = null;
    this.alarm?.timer.cancel();
    this.alarm = null;
    if (this.registry.doesExist('interval', this.timerName)) this.registry.deleteInterval(this.timerName);
    await this.passing;
  }

  /**
   * Runs a pass now; a request during a pass runs another one after it.
   * @param isNeeded may find that there is nothing to do
   */
  async run(isNeeded?: () => Promise<boolean>): Promise<void> {
    if (this.interval && !this.registry.doesExist('interval', this.timerName)) {
      await this.stop();
      return;
    }
    if (this.passing) {
      this.again = true;
      return this.passing;
    }
    this.passing = this.passes(isNeeded).finally(() => (this.passing = null));
    await this.passing;
  }

  /** Runs a pass at this instant (ms), unless one is due earlier. */
  protected wakeAt(at: number): void {
    if (!this.interval) return;
    const wait = at - this.clock.now();
    // The interval covers later instants.
    if (wait > this.every) return;
    const due = this.clock.monotonic() + Math.max(0, wait);
    if (this.alarm && this.alarm.at <= due) return;
    this.alarm?.timer.cancel();
    const ring = (): void => {
      this.alarm = null;
      void this.run();
    };
    this.alarm = { at: due, timer: this.clock.setTimer(wait, ring) };
  }

  private async passes(isNeeded?: () => Promise<boolean>): Promise<void> {
    let mayBeSpared = isNeeded;
    do {
      this.again = false;
      try {
        if (!mayBeSpared || (await mayBeSpared())) await this.pass();
        mayBeSpared = undefined;
        this.onPass(this.timerName, null);
      } catch (error) {
        // The app ended during the pass, and its connections with it.
        if (this.isStopped || error instanceof SchedulerClosedError) return;
        this.onPass(this.timerName, error);
        this.logger.error(`${this.timerName}: ${error instanceof Error ? error.message : String(error)}`);
      }
    } while (this.again && !this.isStopped);
  }
}
