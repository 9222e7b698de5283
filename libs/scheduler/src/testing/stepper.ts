// Of the modules: fake timers of a test framework replace the global ones.
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

/** Turns of the event loop without any transition after which nothing more comes by itself. */
const QUIET_TURNS = 4;
/** Turns that are taken without a pause while handlers are at work. */
const EAGER_TURNS = 50;
/** While a run is under way its bound is looked after as often as the rescuer does, ms. */
const WATCH = 1000;

/** Moves one scheduler by hand: lets all happen that can at this instant, and goes from instant to instant. */
export class Stepper {
  /** Transitions heard, of executions, schedules, locks and the like. */
  private heard = 0;
  /** Runs that did not end in real time: they wait for an instant, or for ever. */
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
      (effects) => (this.heard += effects.filter(isTransition).length),
      () => true,
    );
  }

  /** Handlers that have not returned. */
  get running(): number {
    return this.liveness.runningTasks + this.liveness.stuckTasks;
  }

  /**
   * All that can happen now.
   * @param patience real ms that handlers get to go on by themselves
   * @param all whether those that waited before may go on now
   */
  async settle(patience: number, all = true): Promise<void> {
    if (all) this.waiting = 0;
    await this.worker.join();
    await this.worker.claimWhile(async () => {
      for (let before = -1; before !== this.heard;) {
        before = this.heard;
        // Twice: after a jump in time the rescuer lets the first pass go by.
        await this.maintenance.runAll();
        await this.maintenance.runAll();
        await this.quiet(patience);
      }
    });
  }

  /** From instant to instant, and all that happens at each. */
  async advanceTo(target: number, patience: number): Promise<void> {
    await this.settle(patience);
    while (this.clock.now() < target) {
      const { firedOnce } = this.clock;
      const { heard } = this;
      const next = Math.min(target, Math.max(await this.nextDue(), this.clock.now() + 1));
      // Beats and their like change nothing, and are passed by.
      this.clock.advanceTo(next, () => firedOnce !== this.clock.firedOnce || heard !== this.heard);
      await this.settle(patience, firedOnce !== this.clock.firedOnce);
    }
  }

  /** Lets handlers end that do by themselves, while the app closes. */
  async quiet(patience: number): Promise<void> {
    let heard = this.heard;
    let since = performance.now();
    for (let quiet = 0, turns = 0; quiet < QUIET_TURNS; turns++) {
      await turn(turns > EAGER_TURNS);
      this.waiting = Math.min(this.waiting, this.running);
      if (heard !== this.heard) {
        heard = this.heard;
        since = performance.now();
        quiet = turns = 0;
      } else if (this.running <= this.waiting) quiet++;
      else if (performance.now() - since > patience) this.waiting = this.running;
    }
  }

  /** When the store, a schedule or a watched run has something to do next, ms. */
  private async nextDue(): Promise<number> {
    const { nextDue } = await this.store.promote(PROMOTE_PER_STEP);
    const { next } = await this.store.dueSchedules(1);
    const watch = this.liveness.runningTasks > 0 ? this.clock.now() + WATCH : null;
    return Math.min(...[nextDue, next, watch].map((at) => at ?? Number.POSITIVE_INFINITY));
  }
}

/** Hints are given again and again, also where nobody can follow them. */
function isTransition({ kind }: Effect): boolean {
  return kind !== 'ready' && kind !== 'timerDue' && kind !== 'workRemains';
}

/** One turn of the event loop; with a pause, one in which the machine may rest. */
function turn(pause: boolean): Promise<void> {
  return new Promise((resolve) => (pause ? setTimeout(resolve, 1) : setImmediate(resolve)));
}
