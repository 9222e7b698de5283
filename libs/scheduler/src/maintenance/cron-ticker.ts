// From the module: fake timers of a test framework replace the global one.
import { setImmediate } from 'node:timers';
import type { SchedulerRegistry } from '@nestjs/schedule';
import type { Clock } from '../core/clock.js';
import type { FireCommand, Tick } from '../core/commands.js';
import { OutcomeUnknownError, SchedulerClosedError, StoreLoadingError, StoreUnavailableError } from '../core/errors.js';
import { sizeOfPayload } from '../core/payload.js';
import { planEdges, planExecution } from '../core/plan-execution.js';
import { TaskPriority } from '../core/priority.js';
import type { ScheduleRecord } from '../core/schedule.js';
import type { ResolvedTask } from '../core/task-definition.js';
import { parseJson } from '../core/json.js';
import { parseCron, type ParsedCron } from '../cron/cron-expression.js';
import { decideTicks, type TickDecision } from '../cron/misfire.js';
import type { EventHub } from '../events/event-hub.js';
import type { CronStore, ExecutionStore, MaintenanceStore, WorkerStore } from '../store/task-store.js';
import type { TaskCatalog } from '../task/task-catalog.js';
import { Actor } from './actor.js';
import { WaitingTicks } from './waiting-ticks.js';

const ABOUT_STORE = [StoreUnavailableError, StoreLoadingError, OutcomeUnknownError, SchedulerClosedError];
/** Whether the error means that the store does not respond. */
const isAboutStore = (error: unknown): boolean => ABOUT_STORE.some((each) => error instanceof each);

const SCHEDULES_PER_LOOK = 100;
/** One transition fires at most so many ticks, with so many characters of payload, or one schedule. */
const TICKS_PER_FIRE = 50;
const CHARACTERS_PER_FIRE = 1 << 20;
/** Sizes of the caches of parsed expressions, and of reasons that were logged. */
const PARSED_KEPT = 10_000;
const FAILURES_KEPT = 10_000;

/** Fires ticks. May run on any number of nodes: the store lets one of them fire each tick. */
export class CronTicker extends Actor {
  private readonly parsed = new Map<string, ParsedCron>();
  /** Schedules whose ticks are left out, to log each once. */
  private readonly leftOut = new Set<string>();
  /** Why schedules could not fire, to log each reason once. */
  private readonly failures = new Map<string, string>();
  private readonly waiting: WaitingTicks;

  constructor(
    private readonly store: CronStore &
      Pick<WorkerStore, 'listWorkers'> &
      Pick<ExecutionStore, 'getExecution'> &
      Pick<MaintenanceStore, 'due'>,
    private readonly catalog: TaskCatalog,
    /** ms */
    private readonly cancelGrace: number,
    hub: EventHub,
    scheduler: string,
    registry: SchedulerRegistry,
    clock: Clock,
    isWorker: () => boolean,
    private readonly random: () => number = Math.random,
  ) {
    super(`scheduler:${scheduler}:cron`, 1000, registry, clock);
    this.waiting = new WaitingTicks(store, clock, isWorker);
    hub.listen((effects) => {
      for (const effect of effects) if (effect.kind === 'timerDue') this.wakeAt(effect.at);
    });
  }

  protected override async isDue(): Promise<boolean> {
    const { schedules, nextTick } = await this.store.due();
    if (nextTick !== null) this.wakeAt(nextTick);
    return schedules;
  }

  protected async pass(): Promise<void> {
    // Schedules that stay due, since their ticks cannot be computed or stored: others are behind them.
    let stuck = 0;
    for (;;) {
      const { now, schedules, next } = await this.store.dueSchedules(SCHEDULES_PER_LOOK, stuck);
      let done = 0;
      for (const batch of batchesOf(await this.decideAll(schedules, now))) {
        done += await this.fire(batch);
        // Fired executions may start before the rest is fired.
        await new Promise((resolve) => setImmediate(resolve));
      }
      stuck += schedules.length - done;
      if (schedules.length === SCHEDULES_PER_LOOK) continue;
      if (next !== null) this.wakeAt(next);
      return;
    }
  }

  /** A command that fails does not stop the others. @returns how many the store has processed */
  private async fire(batch: readonly FireCommand[]): Promise<number> {
    try {
      return (await this.store.fire(batch)).length;
    } catch (error) {
      if (isAboutStore(error)) throw error;
      if (batch.length === 1) {
        this.logFailure(batch[0]!.scheduleId, error);
        return 0;
      }
    }
    let done = 0;
    for (const command of batch) done += await this.fire([command]);
    return done;
  }

  private async decideAll(schedules: readonly ScheduleRecord[], now: number): Promise<FireCommand[]> {
    const commands: FireCommand[] = [];
    for (const schedule of schedules) {
      try {
        commands.push(await this.decide(schedule, now));
      } catch (error) {
        if (isAboutStore(error)) throw error;
        this.logFailure(schedule.id, error);
      }
    }
    return commands;
  }

  private async decide(schedule: ScheduleRecord, now: number): Promise<FireCommand> {
    const decision = decideTicks({
      cron: this.parse(schedule),
      // A schedule that is due although its next tick is in the future was decided before the store's clock went back.
      nextRunTime: Math.min(schedule.nextRunTime!, now),
      now,
      misfire: schedule.misfire,
      startTime: schedule.startTime,
      endTime: schedule.endTime,
    });
    return {
      scheduleId: schedule.id,
      expected: { revision: schedule.revision, nextRunTime: schedule.nextRunTime! },
      ticks: await this.plan(schedule, decision.ticks, now),
      overlap: schedule.overlap,
      cancelGrace: this.cancelGrace,
      nextRunTime: decision.nextRunTime,
    };
  }

  private parse({ cronExpression, timezone }: ScheduleRecord): ParsedCron {
    const key = `${timezone} ${cronExpression}`;
    let cron = this.parsed.get(key);
    if (cron) return cron;
    cron = parseCron(cronExpression, timezone);
    if (this.parsed.size >= PARSED_KEPT) this.parsed.clear();
    this.parsed.set(key, cron);
    return cron;
  }

  /**
   * The executions of the ticks; none if the task cannot be planned, so one bad schedule does not stop the others. If
   * the store does not return the task, the ticks stay due.
   */
  private async plan(schedule: ScheduleRecord, ticks: TickDecision['ticks'], now: number): Promise<Tick[]> {
    try {
      const task = this.catalog.get(schedule.taskId) ?? (await this.catalog.findIfKnown(schedule.taskId));
      if (task === null) return this.leaveOut(schedule, null, ticks, now);
      if (ticks.length > 0 && (await this.waiting.accumulate(schedule, task, this.parse(schedule), now)))
        return this.leaveOut(schedule, task, ticks, now);
      this.leftOut.delete(schedule.id);
      return ticks.map((tick) => ({ ...tick, execution: this.execution(task, schedule, tick.time, now) }));
    } catch (error) {
      if (isAboutStore(error)) throw error;
      this.logFailure(schedule.id, error);
      return [];
    }
  }

  /** The newest of the ticks as SKIPPED, since no node can run them. */
  private leaveOut(
    schedule: ScheduleRecord,
    task: ResolvedTask | null,
    ticks: TickDecision['ticks'],
    now: number,
  ): Tick[] {
    if (!this.leftOut.has(schedule.id)) {
      const why = task === null ? 'is not registered' : 'has no live worker, and an earlier tick still waits';
      this.logger.error(
        `task '${schedule.taskId}' of schedule '${schedule.id}' ${why}: its ticks are left out (TASK_UNREGISTERED)`,
      );
    }
    this.leftOut.add(schedule.id);
    const known = task ?? unknownTask(schedule.taskId);
    return ticks.slice(-1).map(({ time }) => ({
      time,
      leaveOut: true,
      reason: 'TASK_UNREGISTERED' as const,
      execution: { ...this.execution(known, schedule, time, now), edges: null },
    }));
  }

  private execution(task: ResolvedTask, schedule: ScheduleRecord, time: number, now: number): Tick['execution'] {
    const delay = schedule.jitter > 0 ? Math.floor(this.random() * (schedule.jitter + 1)) : 0;
    const edges = planEdges(task, () => 'newest');
    const payload = parseJson(schedule.payload);
    return planExecution(task, `cron:${schedule.id}:${time}`, now, { payload, scheduledTime: time + delay }, edges);
  }

  private logFailure(id: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (this.failures.get(id) === reason) return;
    if (this.failures.size >= FAILURES_KEPT) this.failures.clear();
    this.failures.set(id, reason);
    this.logger.error(`schedule '${id}' could not fire: ${reason}`);
  }
}

/** A placeholder for a task without definition, sufficient to store its ticks as SKIPPED. */
function unknownTask(taskId: string): ResolvedTask {
  return {
    ...{ taskId, taskName: taskId, funcPath: taskId, priority: TaskPriority.NORMAL, payload: undefined, retry: null },
    ...{ maxSnoozes: 0, dependencies: [], requireLock: false, lockKey: taskId, lockTimeout: 0, lockMaxWait: null },
    ...{ timeout: null, queue: 'default', tags: [], remote: true },
  };
}

/** Splits the commands into what one transition may do. */
function* batchesOf(commands: readonly FireCommand[]): Generator<FireCommand[]> {
  let batch: FireCommand[] = [];
  let ticks = 0;
  let characters = 0;
  for (const command of commands) {
    const size = command.ticks.reduce((sum, { execution }) => sum + sizeOfPayload(execution.payload), 0);
    const isFull = ticks + command.ticks.length > TICKS_PER_FIRE || characters + size > CHARACTERS_PER_FIRE;
    if (isFull && batch.length > 0) {
      yield batch;
      [batch, ticks, characters] = [[], 0, 0];
    }
    batch.push(command);
    ticks += command.ticks.length;
    characters += size;
  }
  if (batch.length > 0) yield batch;
}
