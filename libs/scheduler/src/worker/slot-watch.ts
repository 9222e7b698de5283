import type { Clock } from '../core/clock.js';
import type { TaskExecution } from '../core/execution.js';
import type { ExecutionStore, WorkerStore } from '../store/task-store.js';

/** ms without an end, while all slots are occupied, before the cause is examined. */
const HELD_MS = 10_000;
/** Number of executions that are examined. */
const MAX_EXAMINED = 20;

/** Use of a worker's slots. */
export interface SlotUse {
  readonly freeSlots: number;
  readonly inUse: number;
  /** Number of slots freed since the start. */
  readonly freed: number;
}

/**
 * Detects that all slots are occupied by handlers that wait for executions that need one of these slots, so none can
 * end. It is not known which handler made which call of waitForExecution. The criteria are: as many waits as slots, no
 * ended run for long, and executions that no worker with a free slot could run.
 */
export class SlotWatch {
  private freed = 0;
  private since: number | null = null;

  constructor(
    private readonly workerId: string,
    private readonly slots: SlotUse,
    private readonly waits: () => { executionIds: readonly string[]; calls: number },
    private readonly store: ExecutionStore & Pick<WorkerStore, 'listWorkers'>,
    private readonly clock: Clock,
  ) {}

  /** @returns the problem in one sentence, or null */
  async check(): Promise<string | null> {
    const { freeSlots, inUse, freed } = this.slots;
    const { executionIds, calls } = this.waits();
    const now = this.clock.monotonic();
    if (freeSlots > 0 || calls < inUse || freed !== this.freed) this.since = null;
    this.freed = freed;
    if (freeSlots > 0 || calls < inUse) return null;
    this.since ??= now;
    if (now - this.since < HELD_MS) return null;
    const waiting = await this.neededFirst(executionIds);
    if (waiting === null) return null;
    const [first] = waiting;
    if (!first) return null;
    const others = (await this.store.listWorkers()).filter(
      ({ workerId, state, running, maxConcurrentTasks }) =>
        workerId !== this.workerId && state === 'active' && running < maxConcurrentTasks,
    );
    const canRun = ({ queue, taskId }: TaskExecution): boolean =>
      others.some((worker) => worker.queues.includes(queue) && worker.tasks.includes(taskId));
    if (waiting.some(canRun)) return null;
    return (
      `all ${inUse} slots have been occupied for ${Math.round((now - this.since) / 1000)} s by runs that seem to wait for ` +
      `${executionIds.length} executions that need one of these slots, such as '${first.taskId}' (${first.executionId}) in ` +
      `queue '${first.queue}': use dependencies, another queue with separate slots, or more slots`
    );
  }

  /** Which executions these wait for in a queue, directly or by dependencies. @returns null if one may end without a slot */
  private async neededFirst(executionIds: readonly string[]): Promise<TaskExecution[] | null> {
    const waiting: TaskExecution[] = [];
    const ids = new Set(executionIds);
    let examined = 0;
    for (const id of ids) {
      if (++examined > MAX_EXAMINED) break;
      const execution = await this.store.getExecution(id);
      const kind = execution?.waitingFor?.kind;
      if (kind === 'queue') {
        waiting.push(execution!);
      } else if (kind === 'dependencies') {
        for (const { executionId } of execution!.waitingFor!.dependencies ?? []) {
          // The next execution of a task may come from anywhere.
          if (executionId === null) return null;
          ids.add(executionId);
        }
      } else if (execution?.status !== 'RUNNING' || execution.attempts.at(-1)?.workerId !== this.workerId) {
        // An execution that runs elsewhere, or waits for something else, may still end; one that runs here has a slot
        // itself.
        return null;
      }
    }
    return waiting;
  }
}
