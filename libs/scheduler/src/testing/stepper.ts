// From the modules: fake timers of a test framework replace the global ones.
import { performance } from 'node:perf_hooks';
import { setImmediate, setTimeout } from 'node:timers';
import type { Effect } from '../core/effects.js';
import { PROMOTE_PER_STEP } from '../core/limits.js';
import type { Liveness } from '../core/liveness.js';
import type { EventHub } from '../events/event-hub.js';
import type { Maintenance } from '../maintenance/maintenance.js';
import type { TaskStore } from '../store/task-store.js';
import type { TaskWorker } from '../worker/task-worker.js';
import type { ManualClock } from './manual-clock.js';

/** Turns of the event loop without a transition after which nothing more is expected. */
const QUIET_TURNS = 4;
/** Turns without a pause while handlers run. */
const EAGER_TURNS = 50;
/** Interval at which the rescuer checks the limit of an active run, ms. */
const WATCH = 1000;

/** Advances one scheduler by hand: processes everything at the current instant, then goes to the next one. */
export class Stepper {
  /** Number of observed transitions of executions, schedules, locks and others. */
  private observed = 0;
  /** Runs that did not end in real time: they wait for an instant, or forever. */
  private waiting = 0;

  constructor(
    private readonly clock: ManualClock,
    private readonly worker: TaskWorker,
    private readonly maintenance: Maintenance,
    private readonly liveness: Liveness,
    private readonly store: TaskStore,
    hub: EventHub,
  ) {
    hub.listen(
      (effects) => (this.observed += effects.filter(isTransition).length),
      () => true,
    );
  }

  /** Handlers that have not returned. */
  get running(): number {
    return this.liveness.runningTasks + this.liveness.stuckTasks;
  }

  /**
   * Processes everything that can happen now.
   * @param patience real ms for handlers to make progress
   * @param all whether handlers that were waiting before may have continued
   */
  async settle(patience: number, all = true): Promise<void> {
    if (all) this.waiting = 0;
    await this.worker.join();
    await this.worker.claimWhile(async () => {
      for (let before = -1; before !== this.observed;) {
        before = this.observed;
        // Twice: after a jump in time the rescuer skips its first pass.
        await this.maintenance.runAll();
        await this.maintenance.runAll();
        await this.quiet(patience);
      }
    });
  }

  /** Goes from instant to instant, and processes everything at each. */
  async advanceTo(target: number, patience: number): Promise<void> {
    await this.settle(patience);
    while (this.clock.now() < target) {
      const { firedOnce } = this.clock;
      const { observed: heard } = this;
      const next = Math.min(target, Math.max(await this.nextDue(), this.clock.now() + 1));
      // Heartbeats and similar change nothing, and are skipped.
      this.clock.advanceTo(next, () => firedOnce !== this.clock.firedOnce || heard !== this.observed);
      await this.settle(patience, firedOnce !== this.clock.firedOnce);
    }
  }

  /** Lets handlers end that can do so by themselves, while the app closes. */
  async quiet(patience: number): Promise<void> {
    let heard = this.observed;
    let since = performance.now();
    for (let quiet = 0, turns = 0; quiet < QUIET_TURNS; turns++) {
      await turn(turns > EAGER_TURNS);
      this.waiting = Math.min(this.waiting, this.running);
      if (heard !== this.observed) {
        heard = this.observed;
        since = performance.now();
        quiet = turns = 0;
      } else if (this.running <= this.waiting) quiet++;
      else if (performance.now() - since > patience) this.waiting = this.running;
    }
  }

  /** The next instant at which the store, a schedule or an active run has something to do, ms. */
  private async nextDue(): Promise<number> {
    const { nextDue } = await this.store.promote(PROMOTE_PER_STEP);
    const { next } = await this.store.dueSchedules(1);
    const watch = this.liveness.runningTasks > 0 ? this.clock.now() + WATCH : null;
    return Math.min(...[nextDue, next, watch].map((at) => at ?? Number.POSITIVE_INFINITY));
  }
}

/** Signals repeat, also if no one can act on them. */
function isTransition({ kind }: Effect): boolean {
  return kind !== 'ready' && kind !== 'timerDue' && kind !== 'workRemains';
}

/** One turn of the event loop; with a pause, one in which the machine may rest. */
function turn(pause: boolean): Promise<void> {
  return new Promise((resolve) => (pause ? setTimeout(resolve, 1) : setImmediate(resolve)));
}
