import { InvalidHandlerError } from '../core/errors.js';
import { isTaskRef, type TaskOptions, type TaskOptionsFactory, type TaskRef } from './task-ref.js';
import type { TaskContext } from './task-context.js';

/** The metadata of one @ScheduledTask. */
export interface ScheduledTaskMetadata {
  funcPath: string;
  options: TaskOptions | TaskOptionsFactory;
  /** The decorated function; another one may have replaced it. */
  method: object;
}

const SCHEDULED_TASK = Symbol.for('nestjs-advanced-scheduler:scheduled-task');

type Handler<P, R> = (payload: P, ctx: TaskContext) => R | Promise<R>;
/** Accepts a method that takes the payload (and the context) and returns the result, or any part of that. */
type TypedDecorator<P, R> = <T extends Handler<P, R>>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<T>,
) => void;

/**
 * Makes a provider's method the handler of a task, and registers the task.
 * @param task a reference from `defineTask`
 * @throws InvalidHandlerError if the decorated member is not a named instance method
 */
export function ScheduledTask<P, R>(task: TaskRef<P, R>): TypedDecorator<P, R>;
/**
 * Makes a provider's method the handler of a task, and registers the task.
 * @param funcPath names the handler, and the task unless the options have a taskId
 * @param options of the task, or a factory that creates them from other providers
 * @throws InvalidHandlerError if the decorated member is not a named instance method
 */
export function ScheduledTask(funcPath: string, options?: TaskOptions<any> | TaskOptionsFactory): MethodDecorator;
export function ScheduledTask(
  task: string | TaskRef<any, any>,
  options?: TaskOptions<any> | TaskOptionsFactory,
): MethodDecorator {
  const isRef = isTaskRef(task);
  const { funcPath, options: said } = isRef ? task : { funcPath: task, options: options === undefined ? {} : options };
  return (target, key, descriptor) => {
    const { method, methodName, place } = checkMethod(funcPath, target, key, descriptor);
    if (isRef && options !== undefined)
      throw new InvalidHandlerError(place, 'options belong in defineTask if a reference is given', { funcPath });
    const earlier = (Reflect.getOwnMetadata(SCHEDULED_TASK, target, methodName) ?? []) as ScheduledTaskMetadata[];
    const metadata: ScheduledTaskMetadata[] = [...earlier, { funcPath, options: said, method }];
    // By the method's name, since a later decorator may replace the function; by the function, since a mixin may copy
    // it.
    Reflect.defineMetadata(SCHEDULED_TASK, metadata, target, methodName);
    Reflect.defineMetadata(SCHEDULED_TASK, metadata, method);
    if (!isDeclared.has(target)) declared.push(new WeakRef(target));
    isDeclared.add(target);
  };
}

/** A decorated method. */
export interface DeclaredMethod {
  methodName: string;
  /** The current member; undefined if it is an accessor. */
  current: unknown;
  metadata: readonly ScheduledTaskMetadata[];
}

/** The decorated methods of a class and its bases; an overridden method counts only if it is decorated again. */
export function declaredMethods(prototype: object): DeclaredMethod[] {
  const seen = new Set<string>();
  const methods: DeclaredMethod[] = [];
  for (
    let owner: object | null = prototype;
    owner !== null && owner !== Object.prototype;
    owner = Object.getPrototypeOf(owner) as object | null
  ) {
    for (const [methodName, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      if (methodName === 'constructor' || seen.has(methodName)) continue;
      seen.add(methodName);
      const metadata = readScheduledTasks(owner, methodName, value);
      if (metadata) methods.push({ methodName, current: value as unknown, metadata });
    }
  }
  return methods;
}

/** The classes with decorated methods that are still alive. */
export function declaringClasses(): object[] {
  return declared.flatMap((ref) => ref.deref() ?? []);
}
const declared: WeakRef<object>[] = [];
const isDeclared = new WeakSet<object>();

/** The metadata of the decorators of a method, the nearest to the method first. */
function readScheduledTasks(owner: object, methodName: string, method: unknown): ScheduledTaskMetadata[] | undefined {
  const own = Reflect.getOwnMetadata(SCHEDULED_TASK, owner, methodName) as ScheduledTaskMetadata[] | undefined;
  if (own || typeof method !== 'function') return own;
  return Reflect.getOwnMetadata(SCHEDULED_TASK, method) as ScheduledTaskMetadata[] | undefined;
}

function checkMethod(
  funcPath: string,
  target: unknown,
  key: unknown,
  descriptor: unknown,
): { method: object; methodName: string; place: string } {
  const refuse = (place: string, problem: string): never => {
    throw new InvalidHandlerError(place, problem, { funcPath: String(funcPath) });
  };
  // A standard decorator receives the member itself, and its context.
  if (typeof key === 'object' && key !== null && 'kind' in key) {
    const { kind, name } = key as { kind: unknown; name?: unknown };
    return refuse(
      `${String(kind)} ${String(name)}`,
      'Nest does not support standard ECMAScript decorators; set experimentalDecorators in tsconfig.json',
    );
  }
  if (typeof target === 'function' && key === undefined)
    return refuse(target.name, 'a class was decorated; decorate a method');
  const className = typeof target === 'function' ? target.name : nameOf(target);
  const place = `${className}.${String(key)}`;
  if (typeof descriptor === 'number') return refuse(place, 'a parameter was decorated; decorate the method');
  if (typeof target === 'function')
    return refuse(place, 'a static method has no instance of the provider; remove static');
  if (typeof key === 'symbol')
    return refuse(place, 'Nest cannot call a method that is named by a symbol; use a text name');
  const method = (descriptor as PropertyDescriptor | undefined)?.value as unknown;
  if (typeof method !== 'function')
    return refuse(place, 'a property, arrow function or accessor was decorated; decorate a method');
  return { method, methodName: key as string, place };
}

function nameOf(target: unknown): string {
  return String((target as { constructor?: { name?: unknown } } | null)?.constructor?.name ?? target);
}
