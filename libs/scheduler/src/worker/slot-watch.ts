import type { Clock } from '../core/clock.js';
import type { TaskExecution } from '../core/execution.js';
import type { ExecutionStore, WorkerStore } from '../store/task-store.js';

/** ms without an end, while all slots are taken, after which it is asked what is waited for. */
const HELD_MS = 10_000;
/** Executions that are looked at. */
const LOOKED_AT = 20;

/** What a worker says of its slots. */
export interface SlotUse {
  readonly vacant: number;
  readonly inUse: number;
  /** Runs whose slot has been freed since the start. */
  readonly freed: number;
}

/**
 * Finds slots that are all held by handlers which wait for executions that need one of these slots: none of them ends by
 * itself. Which call of waitForExecution comes from which handler is not known: as many waits as slots, no run that has
 * ended for long, and executions that only this worker could run.
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

  /** @returns what is wrong, in one sentence; null: nothing */
  async look(): Promise<string | null> {
    const { vacant, inUse, freed } = this.slots;
    const { executionIds, calls } = this.waits();
    const now = this.clock.monotonic();
    if (vacant > 0 || calls < inUse || freed !== this.freed) this.since = null;
    this.freed = freed;
    if (vacant > 0 || calls < inUse) return null;
    this.since ??= now;
    if (now - this.since < HELD_MS) return null;
    const waiting: TaskExecution[] = [];
    for (const id of executionIds.slice(0, LOOKED_AT)) {
      const execution = await this.store.getExecution(id);
      if (execution?.waitingFor?.kind === 'queue') waiting.push(execution);
      // One that runs elsewhere, or waits for something else, may yet end; one that runs here holds a slot itself.
      else if (execution?.status !== 'RUNNING' || execution.attempts.at(-1)?.workerId !== this.workerId) return null;
    }
    const [first] = waiting;
    if (!first) return null;
    const others = (await this.store.listWorkers()).filter(
      (worker) => worker.workerId !== this.workerId && worker.state === 'active',
    );
    const canRun = ({ queue, taskId }: TaskExecution): boolean =>
      others.some((worker) => worker.queues.includes(queue) && worker.tasks.includes(taskId));
    if (waiting.some(canRun)) return null;
    return (
      `all ${inUse} slots have been held for ${Math.round((now - this.since) / 1000)} s by runs that seem to wait for ` +
      `${executionIds.length} executions which need one of these slots, such as '${first.taskId}' (${first.executionId}) in ` +
      `queue '${first.queue}': use dependencies, another queue with slots of its own, or more slots`
    );
  }
}
