import { Injectable, Module } from '@nestjs/common';
import { ScheduledTask, SchedulerModule, type TaskContext } from 'nestjs-advanced-scheduler';
import { withScheduler, type Say } from './with-scheduler.js';

interface Call {
  matter: string;
}

@Injectable()
class Ward {
  readonly started: string[] = [];

  @ScheduledTask('ward.attend')
  attend({ matter }: Call, ctx: TaskContext): number {
    this.started.push(matter);
    return ctx.attempt;
  }
}

/** One slot, to show the order; not started, so all five are queued first. */
@Module({ imports: [SchedulerModule.forRoot({ maxConcurrentTasks: 1, autoStart: false })], providers: [Ward] })
class PriorityQueueModule {}

/** 6. The multi-priority queue: five priorities, first in, first out within each. */
export function priorityQueue(say: Say) {
  return withScheduler(PriorityQueueModule, async (scheduler, app) => {
    const matters = [
      ['archive old charts', 'BACKGROUND'],
      ['order supplies', 'LOW'],
      ['round, ward 1', 'NORMAL'],
      ['round, ward 2', 'NORMAL'],
      ['lab results', 'HIGH'],
      ['cardiac arrest', 'CRITICAL'],
    ] as const;
    const ids = await scheduler.scheduleTasks(
      matters.map(([matter, priority]) => ({ taskId: 'ward.attend', payload: { matter }, priority })),
    );

    const sizes = await scheduler.taskQueue.sizes();
    say(
      `queued: ${Object.entries(sizes)
        .map(([level, size]) => `${level} ${size}`)
        .join(', ')}`,
    );
    const [first] = await scheduler.taskQueue.peek();
    const next = await scheduler.getTaskStatus<Call>(first!);
    say(`next: ${next?.payload.matter}`);

    await scheduler.start();
    await Promise.all(ids.map((id) => scheduler.waitForExecution(id)));
    const { started } = app.get(Ward);
    started.forEach((matter, i) => say(`${i + 1}. ${matter}`));
    return { sizes, next, started, empty: await scheduler.taskQueue.isEmpty() };
  });
}
