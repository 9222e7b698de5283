import type { ApplicationConfig, ExternalContextCreator } from '@nestjs/core';
import type { ContextId, HandlerHost, Wrapper } from './handler-host.js';
import { resultLater } from './handler-result.js';
import { describeParams, hasFilters, keepMetadata, TASK_PARAMS, BODY } from './handler-metadata.js';
import { TaskContext } from './task-context.js';

/** Errors thrown by a guard. */
const refusals = new WeakSet<object>();

/** Whether a guard of the handler rejected the run. */
export function isRefusal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && refusals.has(error);
}

type Enhanced = (payload: unknown, ctx: TaskContext) => Promise<unknown>;

/**
 * Binds Nest's enhancers to a handler. Pipes transform the payload, not the context. Guards, interceptors, filters and
 * pipes see `ExecutionContext.getType() === 'scheduler'` and the arguments [payload, ctx].
 */
export class HandlerEnhancers {
  private readonly creator: ExternalContextCreator;
  private readonly config: ApplicationConfig | null;
  /** The method at boot: a replacement by a test or a tracer has no metadata. */
  private readonly original: object;

  /** @param config of the app, if its global guards, interceptors, pipes and filters apply too */
  constructor(
    creator: ExternalContextCreator,
    private readonly host: HandlerHost,
    private readonly methodName: string,
    config: ApplicationConfig | null,
  ) {
    this.config = config;
    this.original = host.prototype[methodName] as object;
    this.creator = forTasks(forHost(creator, host, config));
  }

  /** The enhancers that Nest creates only in a context: for each run, or for each handler. */
  get scoped(): readonly Wrapper[] {
    const { host, config } = this;
    const global = config
      ? [
          ...config.getGlobalRequestGuards(),
          ...config.getGlobalRequestInterceptors(),
          ...config.getGlobalRequestPipes(),
          ...config.getGlobalRequestFilters(),
        ]
      : [];
    return [...global, ...host.enhancers.filter((each) => each.isTransient || !each.isDependencyTreeStatic())];
  }

  /** Changes when a global enhancer is added, which an app may do at any time. */
  get version(): readonly unknown[] {
    const { config } = this;
    if (!config) return [];
    return [
      config.getGlobalGuards(),
      config.getGlobalInterceptors(),
      config.getGlobalPipes(),
      config.getGlobalFilters(),
      config.getGlobalRequestGuards(),
      config.getGlobalRequestInterceptors(),
      config.getGlobalRequestPipes(),
      config.getGlobalRequestFilters(),
    ].flatMap((list: readonly unknown[]) => [list, list.length]);
  }

  /** The method wrapped in its enhancers. `contextId`: the context of the scoped ones. */
  bind(instance: object, contextId?: ContextId): Enhanced {
    const { methodName, config } = this;
    const { classRef } = this.host;
    describeParams(classRef, methodName);
    const method = (instance as Record<string, (...args: unknown[]) => unknown>)[methodName]!;
    if (method !== this.original) keepMetadata(this.original, method);
    const hasGlobalFilters =
      config !== null && config.getGlobalFilters().length + config.getGlobalRequestFilters().length > 0;
    return this.creator.create(
      instance,
      method,
      methodName,
      TASK_PARAMS,
      { exchangeKeyForValue: (type: number, _data: unknown, args: unknown[]) => (type === BODY ? args[0] : args[1]) },
      contextId,
      contextId && this.host.wrapper.id,
      { guards: true, interceptors: true, filters: hasGlobalFilters || hasFilters(classRef, methodName) },
      'scheduler',
    ) as Enhanced;
  }
}

const PARTS = ['guardsContextCreator', 'interceptorsContextCreator', 'pipesContextCreator', 'filtersContextCreator'];

/**
 * Enhancers bound by class are looked up in the module of the handler. Global enhancers are usually written for HTTP:
 * without the app's configuration the creators ignore them.
 */
function forHost(
  creator: ExternalContextCreator,
  host: HandlerHost,
  config: ApplicationConfig | null,
): ExternalContextCreator {
  const bare = Object.create(creator) as Record<string, unknown>;
  for (const part of PARTS) {
    const original = (creator as unknown as Record<string, object>)[part]!;
    bare[part] = Object.assign(Object.create(original) as object, {
      config: config ?? undefined,
      getInstanceByMetatype: (metatype: unknown) => host.enhancer(metatype),
    });
  }
  // Nest's cache for a method refers to the creator that was used first.
  const { handlerMetadataStorage } = creator as unknown as {
    handlerMetadataStorage: { constructor: new () => object };
  };
  bare.handlerMetadataStorage = new handlerMetadataStorage.constructor();
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

/** Nest would subscribe to an Observable itself: without an end at the abort, and with an error if it is empty. */
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
