import { OnEvent } from '@nestjs/event-emitter';
import type { SchedulerEventMap, SchedulerEventName } from 'nestjs-advanced-scheduler';

/** Takes events of the scheduler, with their names. */
export interface EventListener {
  onEvent(name: SchedulerEventName, event: SchedulerEventMap[SchedulerEventName]): void;
}

/** Every event of the scheduler. */
export const ALL_EVENTS = [
  'scheduler.execution.scheduled',
  'scheduler.execution.started',
  'scheduler.execution.completed',
  'scheduler.execution.failed',
  'scheduler.execution.retrying',
  'scheduler.execution.released',
  'scheduler.execution.rescued',
  'scheduler.execution.cancelled',
  'scheduler.execution.skipped',
  'scheduler.execution.reopened',
  'scheduler.execution.cancelRequested',
  'scheduler.execution.progress',
  'scheduler.execution.log',
  'scheduler.execution.stale',
  'scheduler.workflow.ended',
  'scheduler.lock.granted',
  'scheduler.lock.released',
  'scheduler.lock.lost',
  'scheduler.queue.paused',
  'scheduler.queue.resumed',
  'scheduler.schedule.put',
  'scheduler.schedule.removed',
  'scheduler.schedule.paused',
  'scheduler.schedule.resumed',
  'scheduler.schedule.fired',
  'scheduler.worker.joined',
  'scheduler.worker.draining',
  'scheduler.worker.left',
  'scheduler.worker.lost',
] as const satisfies readonly SchedulerEventName[];

/** Gives a provider one `@OnEvent` listener for each name, so that it works with any emitter of the app. */
export function OnEvents(names: readonly SchedulerEventName[]) {
  return (target: new (...args: never[]) => EventListener): void => {
    const prototype = target.prototype as EventListener;
    for (const name of names) {
      const descriptor: TypedPropertyDescriptor<unknown> = {
        value: function (this: EventListener, event: SchedulerEventMap[SchedulerEventName]) {
          this.onEvent(name, event);
        },
      };
      Object.defineProperty(prototype, name, descriptor);
      OnEvent(name)(prototype, name, descriptor);
    }
  };
}
