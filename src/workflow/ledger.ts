import type { TraceTask } from './trace.js';

/** From the first start to the last end that a task's handler recorded; ms on a monotonic clock. */
export interface Span {
  start: number;
  /** null: it has not ended (it is running, or has failed). */
  end: number | null;
}

/** Times recorded by the handlers themselves, independently of the scheduler's records. */
export class Ledger {
  private readonly spans = new Map<string, Span>();
  private running = 0;
  private peak = 0;
  private endedCount = 0;

  /** @param onEnd called at each end, with the number of ended tasks */
  constructor(
    private readonly clock: () => number = () => performance.now(),
    private readonly onEnd: (ended: number) => void = () => undefined,
  ) {}

  /** Records a start. @returns the instant, so the handler measures from the recorded time */
  started(taskId: string): number {
    const now = this.clock();
    const span = this.spans.get(taskId);
    if (span === undefined) this.spans.set(taskId, { start: now, end: null });
    else if (span.end !== null) {
      // A second run: the task has ended only when this run has.
      span.end = null;
      this.endedCount--;
    }
    this.peak = Math.max(this.peak, ++this.running);
    return now;
  }

  ended(taskId: string): void {
    this.spans.get(taskId)!.end = this.clock();
    this.running--;
    this.onEnd(++this.endedCount);
  }

  spanOf(taskId: string): Span | undefined {
    return this.spans.get(taskId);
  }

  /** The maximum number of handlers that ran at one instant. */
  get peakConcurrency(): number {
    return this.peak;
  }

  /** Counts edges whose child started before its parent ended. A child that never started violates no order. */
  countOrderViolations(tasks: readonly TraceTask[]): number {
    const broken = (childStart: number, parent: string): boolean => {
      const end = this.spans.get(parent)?.end ?? Infinity;
      return childStart < end;
    };
    return tasks.reduce((sum, task) => {
      const span = this.spans.get(task.id);
      return span === undefined ? sum : sum + task.parents.filter((parent) => broken(span.start, parent)).length;
    }, 0);
  }
}
