import type { RunToken } from '../core/commands.js';
import { SchedulerClosedError } from '../core/errors.js';
import { LOG_LINES_KEPT } from '../core/limits.js';
import type { ExecutionStore } from '../store/task-store.js';

type Report = Parameters<ExecutionStore['report']>[1];

/** Calls in progress at a time, of all runs of this process. */
const IN_FLIGHT = 8;

interface Pending {
  readonly run: RunToken;
  progress: Report['progress'];
  logs: string[];
  isSending: boolean;
}

/**
 * Sends progress and log lines of runs to the store: one call at a time for each run, and a few for all runs. Reports
 * meanwhile are batched for the next call: the newest progress, and as many of the newest lines as an execution keeps.
 */
export class RunReports {
  private readonly pending = new Map<string, Pending>();
  private readonly waiting = new Set<Pending>();
  private inFlight = 0;
  private isScheduled = false;

  constructor(
    private readonly store: Pick<ExecutionStore, 'report'>,
    private readonly onFailure: (run: RunToken, error: unknown) => void,
  ) {}

  add({ executionId, leaseToken }: RunToken, { progress, logs }: Report): void {
    let found = this.pending.get(executionId);
    if (found?.run.leaseToken !== leaseToken) {
      found = { run: { executionId, leaseToken }, progress: undefined, logs: [], isSending: false };
      this.pending.set(executionId, found);
    }
    if (progress) found.progress = progress;
    if (logs) found.logs.push(...logs);
    if (found.logs.length > 2 * LOG_LINES_KEPT) found.logs.splice(0, found.logs.length - LOG_LINES_KEPT);
    if (!found.isSending) this.waiting.add(found);
    this.schedule();
  }

  /** Sends the pending reports of a run before its settlement, after which the store would refuse them. */
  end({ executionId, leaseToken }: RunToken): void {
    const found = this.pending.get(executionId);
    if (found?.run.leaseToken !== leaseToken) return;
    this.pending.delete(executionId);
    this.waiting.delete(found);
    if (hasContent(found)) this.send(found);
  }

  /** Batches the reports of one turn. */
  private schedule(): void {
    if (this.isScheduled || this.inFlight >= IN_FLIGHT || this.waiting.size === 0) return;
    this.isScheduled = true;
    // Not with queueMicrotask, which fake timers of a test framework replace.
    void Promise.resolve().then(() => {
      this.isScheduled = false;
      for (const each of this.waiting) {
        if (this.inFlight >= IN_FLIGHT) break;
        this.waiting.delete(each);
        this.send(each);
      }
    });
  }

  private send(pending: Pending): void {
    const { run, progress } = pending;
    const logs = pending.logs.slice(-LOG_LINES_KEPT);
    pending.progress = undefined;
    pending.logs = [];
    pending.isSending = true;
    this.inFlight++;
    void this.store
      .report(run, { ...(progress && { progress }), ...(logs.length > 0 && { logs }) })
      .catch((error: unknown) => {
        if (!(error instanceof SchedulerClosedError)) this.onFailure(run, error);
      })
      .finally(() => {
        this.inFlight--;
        pending.isSending = false;
        const isOurs = this.pending.get(run.executionId) === pending;
        if (isOurs && hasContent(pending)) this.waiting.add(pending);
        else if (isOurs) this.pending.delete(run.executionId);
        this.schedule();
      });
  }
}

function hasContent({ progress, logs }: Pending): boolean {
  return progress !== undefined || logs.length > 0;
}
