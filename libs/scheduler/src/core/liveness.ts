import { SchedulerClosedError } from './errors.js';

/** The duty of a worker to make itself known to the store. */
export const REGISTRATION = 'registration of the worker';

/** What one process knows of its own loops; written by the worker, read by health. */
export class Liveness {
  private readonly closing = new AbortController();
  state: 'idle' | 'running' | 'draining' | 'stopped' = 'idle';
  /** Definitions mirrored, handlers found, loops begun: the process has started up. */
  ready = false;
  /** Monotonic ms of the last word exchanged with the store; 0 before the first. */
  lastProgress = 0;
  runningTasks = 0;
  /** Runs that were settled without their handler, which has not returned yet: their slots stay taken. */
  stuckTasks = 0;
  /** Why no slot of this worker becomes free by itself; null: they do. */
  starved: string | null = null;

  private readonly failures = new Map<string, { times: number; reason: string }>();

  /** A duty of this process has failed. */
  failed(duty: string, error: unknown): void {
    const times = (this.failures.get(duty)?.times ?? 0) + 1;
    this.failures.set(duty, { times, reason: error instanceof Error ? error.message : String(error) });
  }

  succeeded(duty: string): void {
    this.failures.delete(duty);
  }

  /** What fails for longer than by chance: duties that failed twice in a row, and a registration that was refused. */
  get failing(): { duty: string; times: number; reason: string }[] {
    return [...this.failures].flatMap(([duty, { times, reason }]) =>
      times >= 2 || duty === REGISTRATION ? [{ duty, times, reason }] : [],
    );
  }

  /** Aborts with a SchedulerClosedError once this process has drained: what waits for others ends now. */
  get closed(): AbortSignal {
    return this.closing.signal;
  }

  close(): void {
    if (!this.closing.signal.aborted) this.closing.abort(new SchedulerClosedError());
  }
}
