import type { ClockTimer } from '../core/clock.js';
import type { Claim } from '../store/records.js';
import type { TaskContext } from '../task/task-context.js';

/** Why a run was told to stop, the first time it was. */
export type StopCause = 'timeout' | 'cancel' | 'shutdown' | 'lost';

/** One claimed execution in the hands of its handler. */
export class Run {
  /** Its settlement is on its way: what the handler still says comes too late. */
  settled = false;
  /** Settled, but its handler has not returned. */
  stuck = false;
  stop: StopCause | null = null;
  /** Told to stop since it may be another's, which only the store knows: what it returns is reported all the same. */
  isDoubtful = false;
  timer: ClockTimer | null = null;

  constructor(
    readonly claim: Claim,
    readonly ctx: TaskContext,
    /** Monotonic ms. */
    readonly startedAt: number,
  ) {}
}
