import type { SchedulerRegistry } from '@nestjs/schedule';
import type { Clock } from '../core/clock.js';
import type { Tick } from '../core/commands.js';
import { OutcomeUnknownError, StoreLoadingError, StoreUnavailableError } from '../core/errors.js';
import { planEdges, planExecution } from '../core/plan-execution.js';
import type { ScheduleRecord } from '../core/schedule.js';
import type { ResolvedTask } from '../core/task-definition.js';
import { parseJson } from '../core/json.js';
import { parseCron } from '../cron/cron-expression.js';
import { decideTicks } from '../cron/misfire.js';
import type { EventHub } from '../events/event-hub.js';
import type { CronStore } from '../store/task-store.js';
import type { TaskCatalog } from '../task/task-catalog.js';
import { Actor } from './actor.js';

/** Whether the store itself does not answer. */
const isAboutStore = (error: unknown): boolean =>
  [StoreUnavailableError, StoreLoadingError, OutcomeUnknownError].some((each) => error instanceof each);

const SCHEDULES_PER_LOOK = 100;

/** Fires ticks. Any number of nodes may run it: the store lets one of them win each tick. */
export class CronTicker extends Actor {
  constructor(
    private readonly store: CronStore,
    private readonly catalog: TaskCatalog,
    /** ms */
    private readonly cancelGrace: number,
    hub: EventHub,
    scheduler: string,
    registry: SchedulerRegistry,
    clock: Clock,
    private readonly random: () => number = Math.random,
  ) {
    super(`scheduler:${scheduler}:cron`, 1000, registry, clock);
    hub.listen((effects) => {
      for (const effect of effects) if (effect.kind === 'due') this.wakeAt(effect.at);
    });
  }

  protected async pass(): Promise<void> {
    for (;;) {
      const { now, schedules, next } = await this.store.dueSchedules(SCHEDULES_PER_LOOK);
      for (const schedule of schedules) await this.fireAlone(schedule, now);
      if (schedules.length === SCHEDULES_PER_LOOK) continue;
      if (next !== null) this.wakeAt(next);
      return;
    }
  }

  /** One that fails holds up no other. */
  private async fireAlone(schedule: ScheduleRecord, now: number): Promise<void> {
    try {
      await this.fire(schedule, now);
    } catch (error) {
      if (isAboutStore(error)) throw error;
      this.logger.error(
        `schedule '${schedule.id}' could not fire: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  private async fire(schedule: ScheduleRecord, now: number): Promise<void> {
    const decision = decideTicks({
      cron: parseCron(schedule.cronExpression, schedule.timezone),
      // One that is due and yet to come was decided on before the store's clock went back.
      nextRunTime: Math.min(schedule.nextRunTime!, now),
      now,
      misfire: schedule.misfire,
      startTime: schedule.startTime,
      endTime: schedule.endTime,
    });
    await this.store.fire({
      scheduleId: schedule.id,
      expected: { revision: schedule.revision, nextRunTime: schedule.nextRunTime! },
      ticks: await this.plan(schedule, decision.ticks, now),
      overlap: schedule.overlap,
      cancelGrace: this.cancelGrace,
      nextRunTime: decision.nextRunTime,
    });
  }

  /**
   * The executions of the ticks; none where the task cannot be planned, so that one bad schedule holds up no other. Where
   * the store does not tell what the task is, the ticks stay due.
   */
  private async plan(
    schedule: ScheduleRecord,
    ticks: readonly { time: number; leaveOut: boolean }[],
    now: number,
  ): Promise<Tick[]> {
    try {
      const task = this.catalog.get(schedule.taskId) ?? (await this.catalog.find(schedule.taskId));
      return ticks.map((tick) => ({ ...tick, execution: this.execution(task, schedule, tick.time, now) }));
    } catch (error) {
      if (isAboutStore(error)) throw error;
      this.logger.error(
        `schedule '${schedule.id}' could not fire: ${error instanceof Error ? error.message : String(error)}`,
      );
      return [];
    }
  }

  private execution(task: ResolvedTask, schedule: ScheduleRecord, time: number, now: number): Tick['execution'] {
    const delay = schedule.jitter > 0 ? Math.floor(this.random() * (schedule.jitter + 1)) : 0;
    const edges = planEdges(task, () => 'newest');
    const payload = parseJson(schedule.payload);
    return planExecution(task, `cron:${schedule.id}:${time}`, now, { payload, scheduledTime: time + delay }, edges);
  }
}
