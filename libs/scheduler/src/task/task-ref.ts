import { InvalidOptionError } from '../core/errors.js';
import type { TaskDefinition } from '../core/task-definition.js';
import type { CronOptions } from '../core/schedule.js';
import type { FactoryProvider } from '@nestjs/common';

/** A cron expression, or one with its options. */
export type CronSetting<P = unknown> = string | (CronOptions<P> & { expression: string });

/** Options of `@ScheduledTask` and `defineTask`. */
export interface TaskOptions<P = unknown> extends Partial<Omit<TaskDefinition<P>, 'funcPath'>> {
  /** Creates a schedule for the task; its id is the taskId unless `id` is given. */
  cron?: CronSetting<P>;
  /** Name of its scheduler. Default: the unnamed one. */
  scheduler?: string;
}

/** Options created at boot from other providers, such as ConfigService. */
export interface TaskOptionsFactory<P = unknown> {
  inject?: FactoryProvider['inject'];
  useFactory: (...args: never[]) => TaskOptions<P> | Promise<TaskOptions<P>>;
  scheduler?: string;
}

declare const PAYLOAD: unique symbol;
declare const RESULT: unique symbol;

/** A typed reference to a task: payload and result are inferred wherever it is used. */
export interface TaskRef<P = unknown, R = unknown> {
  readonly taskId: string;
  readonly funcPath: string;
  readonly options: TaskOptions<P>;
  readonly [PAYLOAD]?: P;
  readonly [RESULT]?: R;
}

/** A task's id, or a reference. */
export type TaskTarget<P = unknown, R = unknown> = string | TaskRef<P, R>;

/**
 * Defines a task once, with the types of its payload and result. Does not register it: `@ScheduledTask` or
 * `SchedulerModule.forFeature` does.
 * @param funcPath names the handler, and the task unless the options have a taskId
 * @throws InvalidOptionError if they are not text and an object; the fields are checked at registration
 */
export function defineTask<P = unknown, R = unknown>(funcPath: string, options: TaskOptions<P> = {}): TaskRef<P, R> {
  if (typeof funcPath !== 'string') throw new InvalidOptionError('funcPath', funcPath, 'text that names a handler');
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new InvalidOptionError('options', options, 'an object');
  return { taskId: options.taskId ?? funcPath, funcPath, options };
}

export function isTaskRef(value: unknown): value is TaskRef {
  return typeof value === 'object' && value !== null && 'funcPath' in value && 'options' in value;
}

/** For an invalid value, the value itself: no task has that id, and the look-up reports it. */
export function taskIdOf(target: TaskTarget<any, any>): string {
  return isTaskRef(target) ? target.taskId : target;
}
