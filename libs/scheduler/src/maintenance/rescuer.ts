import type { SchedulerRegistry } from '@nestjs/schedule';
import type { BootContext } from '../core/boot-context.js';
import { within, type Clock } from '../core/clock.js';
import { settle } from '../core/commands.js';
import { TaskTimeoutError } from '../core/errors.js';
import { toErrorInfo } from '../core/failure.js';
import { RESCUE_PER_STEP } from '../core/limits.js';
import { allowanceOf } from '../core/run-budget.js';
import type { TaskRetryManager } from '../retry/task-retry-manager.js';
import type { ExpiredRun } from '../store/records.js';
import type { MaintenanceStore } from '../store/task-store.js';
import type { TaskCatalog } from '../task/task-catalog.js';
import { Actor } from './actor.js';

const EVERY = 1000;
/** ms for a retryIf to decide, since other runs wait to be rescued. */
const RETRY_IF_LIMIT_MS = 1000;

/** Recovers the runs of workers whose lease expired, and ends runs beyond the limit of an attempt. */
export class Rescuer extends Actor {
  private lastPass = 0;

  constructor(
    private readonly store: MaintenanceStore,
    private readonly catalog: TaskCatalog,
    private readonly retries: TaskRetryManager,
    private readonly context: BootContext,
    /** ms */
    private readonly lease: number,
    scheduler: string,
    registry: SchedulerRegistry,
    clock: Clock,
  ) {
    super(`scheduler:${scheduler}:rescuer`, EVERY, registry, clock);
  }

  protected override async isDue(): Promise<boolean> {
    return !this.wasStalled() && (await this.store.due()).rescue;
  }

  protected async pass(): Promise<void> {
    if (this.wasStalled()) return;
    while ((await this.store.rescue(RESCUE_PER_STEP)).more);
    const expired = await this.store.expiredRuns(RESCUE_PER_STEP);
    // Each may call a slow retryIf; they do not wait for each other.
    const outcomes = await Promise.allSettled(expired.map((run) => this.expire(run)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** After a standstill of this process its own heartbeats are late: they go first, and the next pass decides. */
  private wasStalled(): boolean {
    const now = this.clock.monotonic();
    const stalled = this.lastPass > 0 && now - this.lastPass > EVERY + this.lease / 2;
    this.lastPass = now;
    return stalled;
  }

  private async expire(run: ExpiredRun): Promise<void> {
    const error = new TaskTimeoutError(run.taskId, run.limit);
    const { retry } = allowanceOf(run.budget, this.catalog.get(run.taskId));
    const failed = { retry, failures: run.failures + 1, attempt: run.run, error };
    const deciding = this.context.run(() => this.retries.decide(failed));
    const decision = await within(this.clock, RETRY_IF_LIMIT_MS, Promise.resolve(deciding), () => ({
      kind: 'fail' as const,
      reason: 'NON_RETRYABLE' as const,
    }));
    const settlement =
      decision.kind === 'retry'
        ? settle.retry(run, toErrorInfo(error), decision.delay)
        : settle.fail(run, toErrorInfo(error), 'TIMEOUT');
    await this.store.settleExpired(settlement);
  }
}
