import type { TraceTask } from './trace.js';

/** From the first start to the last end that a task's handler wrote down; ms on a monotonic clock. */
export interface Span {
  start: number;
  /** null: it has not ended (it runs, or it failed). */
  end: number | null;
}

/** What the handlers themselves say of when they ran: evidence that owes nothing to the scheduler's records. */
export class Ledger {
  private readonly spans = new Map<string, Span>();
  private running = 0;
  private peak = 0;
  private endedCount = 0;

  /** @param onEnd hears each end, with how many tasks have ended so far */
  constructor(
    private readonly clock: () => number = () => performance.now(),
    private readonly onEnd: (ended: number) => void = () => undefined,
  ) {}

  /** Writes down a start. @returns the instant, so that the handler measures from what stands in the ledger */
  started(taskId: string): number {
    const now = this.clock();
    const span = this.spans.get(taskId);
    if (span === undefined) this.spans.set(taskId, { start: now, end: null });
    else if (span.end !== null) {
      // A second run: what it holds up is over only when it is over.
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

  /** The most handlers that ran at one instant. */
  get peakConcurrency(): number {
    return this.peak;
  }

  /** The edges whose child started before its parent ended. A child that never started breaks no order. */
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
