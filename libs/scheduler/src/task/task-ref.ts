import { InvalidOptionError } from '../core/errors.js';
import type { TaskDefinition } from '../core/task-definition.js';
import type { CronOptions } from '../core/schedule.js';
import type { FactoryProvider } from '@nestjs/common';

/** A cron expression, or one with its options. */
export type CronSetting<P = unknown> = string | (CronOptions<P> & { expression: string });

/** What @ScheduledTask and defineTask take beside the funcPath. */
export interface TaskOptions<P = unknown> extends Partial<Omit<TaskDefinition<P>, 'funcPath'>> {
  /** Makes a schedule of the task; its id is the taskId unless `id` is given. */
  cron?: CronSetting<P>;
  /** The named scheduler that it belongs to. Default: the one without a name. */
  scheduler?: string;
}

/** Options made at boot from other providers, such as ConfigService. */
export interface TaskOptionsFactory<P = unknown> {
  inject?: FactoryProvider['inject'];
  useFactory: (...args: never[]) => TaskOptions<P> | Promise<TaskOptions<P>>;
  scheduler?: string;
}

declare const PAYLOAD: unique symbol;
declare const RESULT: unique symbol;

/** A task by reference, from which payload and result are inferred wherever it is used. */
export interface TaskRef<P = unknown, R = unknown> {
  readonly taskId: string;
  readonly funcPath: string;
  readonly options: TaskOptions<P>;
  readonly [PAYLOAD]?: P;
  readonly [RESULT]?: R;
}

/** A task's id, or the task by reference. */
export type TaskTarget<P = unknown, R = unknown> = string | TaskRef<P, R>;

/**
 * Names a task once, with the types of what goes in and what comes out. Registers nothing by itself: @ScheduledTask
 * or SchedulerModule.forFeature does.
 * @param funcPath names the handler; the taskId too, unless the options give one
 * @throws InvalidOptionError where these are no text and no object; the fields are checked where it is registered
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

/** Of what is neither, itself: no task bears such an id, and the look-up says so. */
export function taskIdOf(target: TaskTarget<any, any>): string {
  return isTaskRef(target) ? target.taskId : target;
}
