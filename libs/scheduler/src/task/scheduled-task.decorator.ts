import { isTaskRef, type TaskOptions, type TaskOptionsFactory, type TaskRef } from './task-ref.js';
import type { TaskContext } from './task-context.js';

/** What one @ScheduledTask says. */
export interface ScheduledTaskMetadata {
  funcPath: string;
  options: TaskOptions | TaskOptionsFactory;
}

const SCHEDULED_TASK = Symbol.for('nestjs-advanced-scheduler:scheduled-task');

type Handler<P, R> = (payload: P, ctx: TaskContext) => R | Promise<R>;
/** Fits a method that takes the payload (and the context) and gives the result, or any part of that. */
type TypedDecorator<P, R> = <T extends Handler<P, R>>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<T>,
) => void;

/**
 * Makes a provider's method the handler of a task, and registers the task.
 * @param task its funcPath (the taskId too, unless the options give one), or a reference made by defineTask
 * @param options of the task, or a factory that makes them from other providers
 */
export function ScheduledTask<P, R>(task: TaskRef<P, R>): TypedDecorator<P, R>;
export function ScheduledTask(funcPath: string, options?: TaskOptions<any> | TaskOptionsFactory): MethodDecorator;
export function ScheduledTask(
  task: string | TaskRef<any, any>,
  options: TaskOptions<any> | TaskOptionsFactory = {},
): MethodDecorator {
  const metadata: ScheduledTaskMetadata = isTaskRef(task)
    ? { funcPath: task.funcPath, options: task.options }
    : { funcPath: task, options };
  return (_target, _key, descriptor) => {
    const method = descriptor.value as object;
    Reflect.defineMetadata(SCHEDULED_TASK, [...readScheduledTasks(method), metadata], method);
  };
}

/** What the decorators of a method say, the nearest to the method first. */
export function readScheduledTasks(method: object): ScheduledTaskMetadata[] {
  return (Reflect.getOwnMetadata(SCHEDULED_TASK, method) as ScheduledTaskMetadata[] | undefined) ?? [];
}
