import { SchedulerClosedError } from './errors.js';

/** Name of the duty by which a worker registers with the store. */
export const REGISTRATION = 'registration of the worker';

/** State of the loops of this process; written by the worker, read by health. */
export class Liveness {
  private readonly closing = new AbortController();
  state: 'idle' | 'running' | 'draining' | 'stopped' = 'idle';
  /** The process has started: definitions are stored, handlers are found, loops run. */
  ready = false;
  /** Monotonic ms of the last reply of the store; 0 before the first. */
  lastProgress = 0;
  runningTasks = 0;
  /** Settled runs whose handler has not returned: their slots are still occupied. */
  stuckTasks = 0;
  /** Why no slot of this worker can become free by itself; null: slots do. */
  starved: string | null = null;

  private readonly failures = new Map<string, { times: number; reason: string }>();

  /** Records a failed duty of this process. */
  failed(duty: string, error: unknown): void {
    const times = (this.failures.get(duty)?.times ?? 0) + 1;
    this.failures.set(duty, { times, reason: error instanceof Error ? error.message : String(error) });
  }

  succeeded(duty: string): void {
    this.failures.delete(duty);
  }

  /** Persistent failures: duties that failed twice in a row, and a refused registration. */
  get failing(): { duty: string; times: number; reason: string }[] {
    return [...this.failures].flatMap(([duty, { times, reason }]) =>
      times >= 2 || duty === REGISTRATION ? [{ duty, times, reason }] : [],
    );
  }

  /** Aborts with a SchedulerClosedError after this process has drained, which ends all waits. */
  get closed(): AbortSignal {
    return this.closing.signal;
  }

  close(): void {
    if (!this.closing.signal.aborted) this.closing.abort(new SchedulerClosedError());
  }
}
