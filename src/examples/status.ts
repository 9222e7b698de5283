import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Module } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { ScheduledTask, SchedulerEvents, SchedulerModule } from 'nestjs-advanced-scheduler';
import type { ProgressEvent, TaskContext } from 'nestjs-advanced-scheduler';
import { withScheduler, type Say } from './with-scheduler.js';

@Injectable()
class Exporter {
  readonly heard: number[] = [];

  /** Reports its progress and writes log lines while it runs. */
  @ScheduledTask('charts.export', { taskName: 'Export charts', tags: ['export'] })
  async export({ charts }: { charts: string[] }, ctx: TaskContext): Promise<number> {
    for (const [i, chart] of charts.entries()) {
      await sleep(10, undefined, { signal: ctx.signal });
      ctx.log(`wrote ${chart}`);
      ctx.progress((i + 1) / charts.length, chart);
    }
    return charts.length;
  }

  @OnEvent(SchedulerEvents.EXECUTION_PROGRESS)
  hear({ fraction }: ProgressEvent): void {
    this.heard.push(fraction);
  }
}

@Module({ imports: [SchedulerModule.forRoot()], providers: [Exporter] })
class StatusModule {}

/** 10. Task status tracking: the status of an execution, its reason, and its result. */
export function status(say: Say) {
  return withScheduler(StatusModule, async (scheduler, app) => {
    const payload = { charts: ['Abara', 'Brandt', 'Costa', 'Dietz'] };
    const id = await scheduler.scheduleTask('charts.export', { payload, delay: '100ms' });
    const later = await scheduler.scheduleTask('charts.export', { payload, delay: '1h', tags: ['night'] });

    const pending = await scheduler.why(id);
    say(`at first: ${pending?.text}`);
    const done = await scheduler.waitForExecution(id, { timeout: '5s' });
    say(`then: ${done.status} from ${done.startedTime} to ${done.completedTime}, result ${done.result}`);
    say(`progress: ${app.get(Exporter).heard.join(', ')}; log: ${done.logs.join(', ')}`);

    const cancelled = await scheduler.cancelTask(later);
    const again = await scheduler.cancelTask(later);
    say(`cancelled the one for tonight: ${cancelled}; a second time: ${again}`);
    const { items } = await scheduler.listExecutions({ tag: 'export' });
    for (const { executionId, status, reason } of items)
      say(`${executionId}: ${status}${reason ? ` (${reason})` : ''}`);
    return { pending, done, heard: app.get(Exporter).heard, cancelled, again, items };
  });
}
