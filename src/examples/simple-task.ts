import { Injectable, Module } from '@nestjs/common';
import { defineTask, ScheduledTask, SchedulerModule, TaskPriority } from 'nestjs-advanced-scheduler';
import { withScheduler, type Say } from './with-scheduler.js';

interface Night {
  date: string;
}
interface OnCall {
  resident: string;
}

/** A task, defined once, with types for its payload and result. */
const findOnCall = defineTask<Night, OnCall>('rota.on-call.find', {
  taskName: 'Find who is on call',
  priority: TaskPriority.HIGH,
});

@Injectable()
class Rota {
  private readonly residents = ['Abara', 'Brandt', 'Costa', 'Dietz'];

  /** The handler: a method of any provider. It receives the payload; its return value is the execution's result. */
  @ScheduledTask(findOnCall)
  find({ date }: Night): OnCall {
    const day = Math.floor(Date.parse(date) / 86_400_000);
    return { resident: this.residents[day % this.residents.length]! };
  }
}

@Module({ imports: [SchedulerModule.forRoot()], providers: [Rota] })
class SimpleTaskModule {}

/** 1. A simple task with a priority: define, decorate, schedule, wait for the result. */
export function simpleTask(say: Say) {
  return withScheduler(SimpleTaskModule, async (scheduler) => {
    const planned = await scheduler.scheduleTask(findOnCall, { payload: { date: '2026-07-04' } });
    // One execution can have a higher priority than its task.
    const urgent = await scheduler.scheduleTask(findOnCall, { payload: { date: '2026-07-05' }, priority: 'CRITICAL' });

    const executions = await Promise.all([planned, urgent].map((id) => scheduler.waitForExecution(id)));
    for (const { payload, priority, status, result } of executions)
      say(`${payload.date}: ${result?.resident} is on call (priority ${priority} of 0 to 4, ${status})`);
    return executions;
  });
}
