import type { ClockTimer } from '../core/clock.js';
import type { Claim } from '../store/records.js';
import type { TaskContext } from '../task/task-context.js';

/** Why a run was stopped, the first time. */
export type StopCause = 'timeout' | 'cancel' | 'shutdown' | 'lost';

/** One claimed execution while its handler runs. */
export class Run {
  /** Its settlement is pending: later reports of the handler are ignored. */
  settled = false;
  /** Settled, but its handler has not returned. */
  stuck = false;
  stop: StopCause | null = null;
  /** Aborted because another worker may have it, which only the store knows: its result is still reported. */
  mayBeLost = false;
  timer: ClockTimer | null = null;

  constructor(
    readonly claim: Claim,
    readonly ctx: TaskContext,
    /** Monotonic ms. */
    readonly startedAt: number,
  ) {}
}
