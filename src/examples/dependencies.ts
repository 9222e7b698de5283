import { Injectable, Module } from '@nestjs/common';
import { ScheduledTask, SchedulerModule, type TaskContext } from 'nestjs-advanced-scheduler';
import { withScheduler, type Say } from './with-scheduler.js';

interface Shift {
  resident: string;
  hours: number;
}

/** Each task declares its dependencies; their results are in `ctx.results`. */
@Injectable()
class Timesheets {
  @ScheduledTask('hours.fetch')
  fetch(): Shift[] {
    const csv = 'Abara,12\nBrandt,24\nAbara,16\nCosta,10';
    return csv.split('\n').map((line) => {
      const [resident, hours] = line.split(',') as [string, string];
      return { resident, hours: Number(hours) };
    });
  }

  @ScheduledTask('hours.sum', { dependencies: [{ taskId: 'hours.fetch', type: 'success' }] })
  sum(_payload: unknown, ctx: TaskContext): Record<string, number> {
    const totals: Record<string, number> = {};
    for (const { resident, hours } of ctx.results['hours.fetch'] as Shift[])
      totals[resident] = (totals[resident] ?? 0) + hours;
    return totals;
  }

  @ScheduledTask('hours.report', { dependencies: [{ taskId: 'hours.sum', type: 'success' }] })
  report(_payload: unknown, ctx: TaskContext): string {
    const totals = Object.entries(ctx.results['hours.sum'] as Record<string, number>);
    return totals.map(([resident, hours]) => `${resident} ${hours} h`).join(', ');
  }

  @ScheduledTask('hours.escalate', { dependencies: [{ taskId: 'hours.sum', type: 'failure' }] })
  escalate(): never {
    throw new Error('runs only if hours.sum fails');
  }
}

@Module({ imports: [SchedulerModule.forRoot()], providers: [Timesheets] })
class DependenciesModule {}

/** 3. Task dependencies: a graph in which each task runs when its dependencies have ended as required. */
export function dependencies(say: Say) {
  return withScheduler(DependenciesModule, async (scheduler) => {
    const order = scheduler.dependencyGraph.topologicalSort();
    say(`order of the graph: ${order.join(' -> ')}`);

    // Scheduled in the wrong order on purpose: each waits for the next execution of its dependencies.
    const ids: Record<string, string> = {};
    for (const taskId of [...order].reverse()) ids[taskId] = await scheduler.scheduleTask(taskId);
    const waiting = await scheduler.why(ids['hours.report']!);
    say(`hours.report at first: ${waiting?.text}`);

    const executions = await Promise.all(order.map((taskId) => scheduler.waitForExecution(ids[taskId]!)));
    for (const { taskId, status, reason, result, rootCause } of executions)
      say(`${taskId}: ${status} ${rootCause ? `(${reason})` : JSON.stringify(result)}`);
    return { order, waiting, executions };
  });
}
