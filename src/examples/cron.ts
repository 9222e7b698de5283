import { Injectable, Module } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { ScheduledTask, SchedulerEvents, SchedulerModule } from 'nestjs-advanced-scheduler';
import type { ExecutionEvent, TaskContext } from 'nestjs-advanced-scheduler';
import { withScheduler, type Say } from './with-scheduler.js';

const REMINDERS = 2;

@Injectable()
class Pager {
  readonly ended: Promise<void>;
  private end!: () => void;
  private ticks = 0;

  constructor() {
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  /** A schedule from code: put once at boot, whatever the number of nodes. Here it ticks every second. */
  @ScheduledTask('rounds.remind', { cron: '* * * * * *' })
  remind(_payload: unknown, ctx: TaskContext): string {
    return ctx.scheduledTime.toISOString();
  }

  @ScheduledTask('audit.nightly')
  audit(): void {}

  @OnEvent(SchedulerEvents.EXECUTION_COMPLETED)
  count({ taskId }: ExecutionEvent): void {
    if (taskId === 'rounds.remind' && ++this.ticks === REMINDERS) this.end();
  }
}

@Module({ imports: [SchedulerModule.forRoot()], providers: [Pager] })
class CronExampleModule {}

/** 5. Cron scheduling: from code and at run time, in any time zone, a tick at most once on any number of nodes. */
export function cron(say: Say) {
  return withScheduler(CronExampleModule, async (scheduler, app) => {
    // 02:30 does not exist on the night when clocks go forward: it then runs at 03:00, the first instant after the gap.
    await scheduler.scheduleCronTask('audit.nightly', '30 2 * * *', { timezone: 'America/Chicago', misfire: 'once' });
    const schedules = await scheduler.listCronTasks();
    for (const { taskId, cronExpression, timezone, nextRunTime } of schedules)
      say(`${taskId}: ${cronExpression} (${timezone}), next at ${nextRunTime}`);

    await app.get(Pager).ended;
    const removed = await scheduler.unscheduleCronTask('rounds.remind');
    const { items } = await scheduler.listExecutions({ taskId: 'rounds.remind', status: 'COMPLETED' });
    const ticks = items.slice(0, REMINDERS).reverse();
    for (const { executionId, result } of ticks) say(`${executionId} ran for ${result as string}`);
    return { schedules, ticks, removed, left: await scheduler.listCronTasks() };
  });
}
