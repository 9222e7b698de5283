import type { Type } from '@nestjs/common';
import type { ExternalContextCreator } from '@nestjs/core';
import { resultLater } from './handler-result.js';
import { TaskContext } from './task-context.js';

// Where Nest keeps what @UseGuards and its kin say; these names are part of its public contract with decorators.
const GUARDS = '__guards__';
const INTERCEPTORS = '__interceptors__';
const PIPES = '__pipes__';
const FILTERS = '__exceptionFilters__';
const PARAMS = '__routeArguments__';

const TASK_PARAMS = 'nestjs-advanced-scheduler:params';
/** Nest's number of "body": pipes take the payload for one. */
const BODY = 3;
const CONTEXT = 99;

/** Errors that came out of a guard. */
const refusals = new WeakSet<object>();

/** Whether a guard of the handler refused the run. */
export function isRefusal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && refusals.has(error);
}

/** Whether guards, interceptors, pipes, filters or parameter decorators are bound to the method or its class. */
export function isEnhanced(classRef: Type, methodName: string): boolean {
  const method = (classRef.prototype as Record<string, object>)[methodName]!;
  const bound = [GUARDS, INTERCEPTORS, PIPES, FILTERS].some(
    (key) => Reflect.hasMetadata(key, method) || Reflect.hasMetadata(key, classRef),
  );
  return bound || Reflect.hasMetadata(PARAMS, classRef, methodName);
}

export function hasFilters(classRef: Type, methodName: string): boolean {
  const method = (classRef.prototype as Record<string, object>)[methodName]!;
  return Reflect.hasMetadata(FILTERS, method) || Reflect.hasMetadata(FILTERS, classRef);
}

/**
 * Binds Nest's enhancers to a handler. The payload is what pipes transform; the context passes by them. Guards,
 * interceptors, filters and pipes see `ExecutionContext.getType() === 'scheduler'` and the arguments [payload, ctx].
 */
export class HandlerEnhancers {
  private readonly creator: ExternalContextCreator;

  /** @param applyGlobal whether the app's global guards, interceptors, pipes and filters apply too */
  constructor(
    creator: ExternalContextCreator,
    private readonly applyGlobal: boolean,
  ) {
    this.creator = forTasks(applyGlobal ? creator : withoutGlobals(creator));
  }

  /** Whether every handler is enhanced, since global enhancers may exist. */
  get always(): boolean {
    return this.applyGlobal;
  }

  /** The method with its enhancers around it. `contextId` is given for an instance made for one run. */
  bind(
    instance: object,
    methodName: string,
    contextId?: { id: number },
  ): (payload: unknown, ctx: TaskContext) => Promise<unknown> {
    const classRef = instance.constructor as Type;
    describeParams(classRef, methodName);
    const method = (instance as Record<string, (...args: unknown[]) => unknown>)[methodName]!;
    return this.creator.create(
      instance,
      method,
      methodName,
      TASK_PARAMS,
      { exchangeKeyForValue: (type: number, _data: unknown, args: unknown[]) => (type === BODY ? args[0] : args[1]) },
      contextId,
      undefined,
      { guards: true, interceptors: true, filters: this.applyGlobal || hasFilters(classRef, methodName) },
      'scheduler',
    ) as (payload: unknown, ctx: TaskContext) => Promise<unknown>;
  }
}

/** Says that the first parameter is the payload and the second the context, unless a parameter decorator says more. */
function describeParams(classRef: Type, methodName: string): void {
  if (Reflect.hasMetadata(TASK_PARAMS, classRef, methodName)) return;
  const declared = (Reflect.getMetadata(PARAMS, classRef, methodName) ?? {}) as Record<string, { index: number }>;
  const taken = new Set(Object.values(declared).map((param) => param.index));
  const params: Record<string, unknown> = { ...declared };
  for (const [index, type] of [BODY, CONTEXT].entries()) {
    if (!taken.has(index)) params[`${type}:${index}`] = { index, data: undefined, pipes: [] };
  }
  Reflect.defineMetadata(TASK_PARAMS, params, classRef, methodName);
}

/** Global enhancers are written for HTTP as a rule: without the app's configuration the creators know none. */
function withoutGlobals(creator: ExternalContextCreator): ExternalContextCreator {
  const bare = Object.create(creator) as Record<string, unknown>;
  for (const part of [
    'guardsContextCreator',
    'interceptorsContextCreator',
    'pipesContextCreator',
    'filtersContextCreator',
  ]) {
    const original = (creator as unknown as Record<string, object>)[part]!;
    bare[part] = Object.assign(Object.create(original) as object, { config: undefined });
  }
  return bare as unknown as ExternalContextCreator;
}

function forTasks(creator: ExternalContextCreator): ExternalContextCreator {
  const tasks = Object.create(creator) as ExternalContextCreator;
  tasks.getParamValue = ((value: unknown, ...rest: [never, never]) =>
    value instanceof TaskContext
      ? Promise.resolve(value)
      : creator.getParamValue(value, ...rest)) as typeof creator.getParamValue;
  tasks.createGuardsFn = ((...args: Parameters<typeof creator.createGuardsFn>) => {
    const canActivate = creator.createGuardsFn(...args) as ((args: unknown[]) => Promise<void>) | null;
    return canActivate && ((params: unknown[]) => canActivate(params).catch(refuse));
  }) as typeof creator.createGuardsFn;
  subscribeToResults(tasks as unknown as { interceptorsConsumer: InterceptorsConsumer });
  return tasks;
}

type InterceptorsConsumer = { intercept: (...args: unknown[]) => Promise<unknown> };

/** Nest would subscribe to an Observable itself: without an end at the abort, and with an error where it is empty. */
function subscribeToResults(tasks: { interceptorsConsumer: InterceptorsConsumer }): void {
  const nest = tasks.interceptorsConsumer;
  const ours = Object.create(nest) as InterceptorsConsumer;
  ours.intercept = async (...args) => {
    const returned = await nest.intercept(...args);
    const ctx = (args[1] as unknown[]).find((each) => each instanceof TaskContext);
    return resultLater(returned, () => ctx?.signal ?? new AbortController().signal) ?? returned;
  };
  tasks.interceptorsConsumer = ours;
}

function refuse(error: unknown): never {
  if (typeof error === 'object' && error !== null) refusals.add(error);
  throw error;
}
