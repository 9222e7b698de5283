import type { Clock } from '../core/clock.js';
import type { ScheduleRecord } from '../core/schedule.js';
import type { ResolvedTask } from '../core/task-definition.js';
import type { ParsedCron } from '../cron/cron-expression.js';
import { latestFires, MISFIRE_THRESHOLD_MS } from '../cron/misfire.js';
import type { ExecutionStore, WorkerStore } from '../store/task-store.js';

/** Age at which the list of live workers is queried again, ms: if it has a worker for the task, and if it has none. */
const KEEP_SERVED_MS = 60_000;
const KEEP_UNSERVED_MS = 5_000;
/** The ticks of a schedule that fires more often than the threshold are at most so old, ms. */
const SEARCHED_MS = 24 * 3_600_000;

/**
 * Whether ticks of a schedule accumulate: no live worker takes its executions, and an earlier tick has waited for longer
 * than the misfire threshold. Both are read from the store, so that it is the same after a restart and on every node.
 */
export class WaitingTicks {
  private workers: { at: number; list: Awaited<ReturnType<WorkerStore['listWorkers']>> } | null = null;

  constructor(
    private readonly store: Pick<WorkerStore, 'listWorkers'> & Pick<ExecutionStore, 'getExecution'>,
    private readonly clock: Clock,
    /** Whether this process runs the tasks that it has handlers of. */
    private readonly isWorker: () => boolean,
  ) {}

  async accumulate(schedule: ScheduleRecord, task: ResolvedTask, cron: ParsedCron, now: number): Promise<boolean> {
    // The one that waits is cancelled by the next.
    if (schedule.overlap === 'cancel') return false;
    const earlier = earlierTick(schedule, cron, now);
    if (earlier === null || (await this.isServed(task))) return false;
    const status = (await this.store.getExecution(earlier))?.status;
    return status === 'PENDING' || status === 'RETRYING';
  }

  private async isServed(task: ResolvedTask): Promise<boolean> {
    if (!task.remote && this.isWorker()) return true;
    if (this.workers && this.clock.monotonic() - this.workers.at < KEEP_UNSERVED_MS) return this.isListed(task);
    const isRecent = this.workers && this.clock.monotonic() - this.workers.at < KEEP_SERVED_MS;
    if (isRecent && this.isListed(task)) return true;
    this.workers = { at: this.clock.monotonic(), list: await this.store.listWorkers() };
    return this.isListed(task);
  }

  private isListed({ taskId, queue }: ResolvedTask): boolean {
    return this.workers!.list.some(({ tasks, queues }) => tasks.includes(taskId) && queues.includes(queue));
  }
}

/** The id of the newest tick that was due more than the threshold (and the jitter) ago; null: none. */
function earlierTick(schedule: ScheduleRecord, cron: ParsedCron, now: number): string | null {
  const { id, lastRunTime, lastExecutionId, jitter } = schedule;
  const until = now - MISFIRE_THRESHOLD_MS - jitter;
  if (lastRunTime === null || lastExecutionId === null) return null;
  if (lastRunTime <= until) return lastExecutionId;
  const [time] = latestFires(cron, until - SEARCHED_MS, until, 1);
  return time === undefined ? null : `cron:${id}:${time}`;
}
