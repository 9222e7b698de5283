import {
  defineTask,
  ScheduledTask,
  SchedulerModule,
  type AdvancedTaskScheduler,
  type ExecutionId,
  type TaskContext,
  type TaskExecution,
  type WorkflowNode,
} from 'nestjs-advanced-scheduler';
import { typeOf } from './expect-type.js';

interface Report {
  pages: number;
}
const report = defineTask<{ month: string }, Report>('app.reports.generate', {
  priority: 'HIGH',
  payload: { month: '2026-01' },
  requireLock: true,
  lockKey: (payload) => payload.month,
  cron: { expression: '0 3 1 * *', payload: { month: '2026-02' } },
  dependencies: [{ taskId: 'load', type: 'success', timeout: '1h' }],
});

// @ts-expect-error its default payload is of another type
defineTask<{ month: string }, Report>('app.reports.generate', { payload: { month: 1 } });
// @ts-expect-error no such option
defineTask('app.reports.generate', { retries: 3 });
// @ts-expect-error no such priority
defineTask('app.reports.generate', { priority: 'URGENT' });
// @ts-expect-error no such dependency type
defineTask('app.reports.generate', { dependencies: [{ taskId: 'load', type: 'done' }] });

export class Handlers {
  @ScheduledTask(report)
  asItShould(payload: { month: string }, _ctx: TaskContext): Promise<Report> {
    return Promise.resolve({ pages: payload.month.length });
  }

  @ScheduledTask(report)
  withoutParameters(): Report {
    return { pages: 0 };
  }

  // @ts-expect-error takes another payload
  @ScheduledTask(report)
  anotherPayload(_payload: { month: number }): Report {
    return { pages: 0 };
  }

  // @ts-expect-error gives another result
  @ScheduledTask(report)
  anotherResult(_payload: { month: string }): string {
    return '';
  }

  // @ts-expect-error wants a third argument
  @ScheduledTask(report)
  moreParameters(_payload: { month: string }, _ctx: TaskContext, _more: number): Report {
    return { pages: 0 };
  }

  @ScheduledTask('by.text')
  byText(_payload: { anything: number }): string {
    return '';
  }

  // @ts-expect-error no such option
  @ScheduledTask('by.text', { queues: 'x' })
  byTextWithOptions(): void {}

  @ScheduledTask('by.factory', { inject: [Map], useFactory: (map: Map<string, number>) => ({ timeout: map.size }) })
  byFactory(): void {}
}

export async function schedule(scheduler: AdvancedTaskScheduler): Promise<void> {
  const id = await scheduler.scheduleTask(report, { payload: { month: '2026-01' }, delay: '10m', tags: ['x'] });
  typeOf(id).is<ExecutionId<{ month: string }, Report>>();
  const text: string = id;

  // @ts-expect-error another payload
  await scheduler.scheduleTask(report, { payload: { month: 1 } });
  // @ts-expect-error no such option
  await scheduler.scheduleTask(report, { priorty: 'HIGH' });
  // @ts-expect-error a time is no boolean
  await scheduler.scheduleTask(report, { scheduledTime: true });

  const ended = await scheduler.waitForExecution(id);
  typeOf(ended).is<TaskExecution<{ month: string }, Report>>();
  typeOf(ended.result).is<Report | null>();
  typeOf(ended.payload.month).is<string>();
  // @ts-expect-error results may be null
  typeOf(ended.result).is<Report>();

  const status = await scheduler.getTaskStatus(id);
  typeOf(status).is<TaskExecution<{ month: string }, Report> | null>();
  // @ts-expect-error may not be there
  void status.result;

  const untyped = await scheduler.scheduleTask('by.text', { payload: { whatever: 1 } });
  const anything: number = (await scheduler.waitForExecution(untyped)).result;
  await scheduler.getTaskStatus(text);

  await scheduler.scheduleTasks([{ taskId: report, payload: { month: '2026-01' } }, { taskId: 'by.text' }]);
  await scheduler.scheduleCronTask(report, '0 3 * * *', { payload: { month: '2026-01' }, overlap: 'queue' });
  // @ts-expect-error another payload
  await scheduler.scheduleCronTask(report, '0 3 * * *', { payload: { month: 3 } });
  // @ts-expect-error no such policy
  await scheduler.scheduleCronTask(report, '0 3 * * *', { overlap: 'replace' });

  const { executions } = await scheduler.runWorkflow({
    tasks: [
      { taskId: report, payload: { month: '2026-01' } },
      { taskId: 'by.text', dependencies: [{ ref: 'a' }] },
    ],
  });
  typeOf(executions).is<Record<string, ExecutionId<any, any>>>();
  // @ts-expect-error another payload
  const badNode: WorkflowNode<{ month: string }> = { taskId: report, payload: { month: 1 } };
  void badNode;
  // @ts-expect-error nodes need a task
  await scheduler.runWorkflow({ tasks: [{ ref: 'a' }] });
  void anything;
}

SchedulerModule.forFeature([report, { taskId: 'plain', funcPath: 'plain' }]);
// @ts-expect-error a definition needs a funcPath
SchedulerModule.forFeature([{ taskId: 'plain' }]);
SchedulerModule.forRoot({ queues: { mail: { concurrency: 2, reserve: { CRITICAL: 1 } } }, lease: '15s' });
// @ts-expect-error no such store
SchedulerModule.forRoot({ store: 'sqlite' });
// @ts-expect-error no such level
SchedulerModule.forRoot({ queues: { mail: { reserve: { URGENT: 1 } } } });
// @ts-expect-error no such role
SchedulerModule.forRoot({ role: 'leader' });
