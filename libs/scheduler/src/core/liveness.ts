import { SchedulerClosedError } from './errors.js';

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

  /** Aborts with a SchedulerClosedError once this process has drained: what waits for others ends now. */
  get closed(): AbortSignal {
    return this.closing.signal;
  }

  close(): void {
    if (!this.closing.signal.aborted) this.closing.abort(new SchedulerClosedError());
  }
}
