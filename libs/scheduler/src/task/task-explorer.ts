import { Injectable, type Type } from '@nestjs/common';
import { ContextIdFactory, DiscoveryService, ExternalContextCreator, MetadataScanner, ModuleRef } from '@nestjs/core';
import { HandlerEnhancers, isEnhanced } from './handler-enhancers.js';
import { HandlerRegistry, type TaskHandler } from './handler-registry.js';
import { readScheduledTasks, type ScheduledTaskMetadata } from './scheduled-task.decorator.js';
import type { TaskOptions } from './task-ref.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** A decorated method, found on a provider or controller. */
export interface FoundTask {
  metadata: ScheduledTaskMetadata;
  /** 'ReportService.generate' */
  place: string;
}

export interface ExplorerOptions {
  /** The scheduler whose tasks are looked for. */
  schedulerName: string;
  applyGlobal: boolean;
}

/** Finds @ScheduledTask methods on every provider and controller, whatever its scope, and registers their handlers. */
@Injectable()
export class TaskExplorer {
  private readonly seen = new Set<string>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly moduleRef: ModuleRef,
    private readonly creator: ExternalContextCreator,
    private readonly registry: HandlerRegistry,
  ) {}

  /** Registers the handlers not seen before. @returns what was found anew */
  explore(options: ExplorerOptions): FoundTask[] {
    const enhancers = new HandlerEnhancers(this.creator, options.applyGlobal);
    const found: FoundTask[] = [];
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      const prototype = prototypeOf(wrapper);
      if (prototype === null || wrapper.isAlias) continue;
      for (const methodName of this.scanner.getAllMethodNames(prototype)) {
        const method = prototype[methodName];
        if (typeof method !== 'function') continue;
        for (const metadata of readScheduledTasks(method)) {
          if ((metadata.options.scheduler ?? '') !== options.schedulerName) continue;
          const place = `${prototype.constructor.name}.${methodName}`;
          if (this.seen.has(`${metadata.funcPath} ${place}`)) continue;
          this.registry.add(metadata.funcPath, this.handlerOf(wrapper, prototype, methodName, enhancers), place);
          this.seen.add(`${metadata.funcPath} ${place}`);
          found.push({ metadata, place });
        }
      }
    }
    return found;
  }

  /** The options of a decorator, made by its factory where it has one. */
  async optionsOf({ options }: ScheduledTaskMetadata): Promise<TaskOptions> {
    if (!('useFactory' in options)) return options;
    const inject = (options.inject ?? []).map((token) => {
      const { token: plain, optional } =
        typeof token === 'object' && 'token' in token ? token : { token, optional: false };
      try {
        return this.moduleRef.get<unknown>(plain as Type, { strict: false });
      } catch (error) {
        if (optional) return undefined;
        throw error;
      }
    });
    return (options.useFactory as (...args: unknown[]) => TaskOptions | Promise<TaskOptions>)(...inject);
  }

  private handlerOf(
    wrapper: Wrapper,
    prototype: Prototype,
    methodName: string,
    enhancers: HandlerEnhancers,
  ): TaskHandler {
    const enhanced = isEnhanced(prototype.constructor as Type, methodName) || enhancers.always;
    if (!wrapper.isDependencyTreeStatic()) return this.scopedHandler(wrapper, methodName, enhanced ? enhancers : null);
    let bound: TaskHandler | null = null;
    return (payload, ctx) => {
      if (bound === null) {
        const instance = wrapper.instance as Record<string, TaskHandler>;
        bound = enhanced ? enhancers.bind(instance, methodName) : instance[methodName]!.bind(instance);
      }
      return bound(payload, ctx);
    };
  }

  /** A request-scoped provider lives for one attempt; its REQUEST is { payload, ctx }. */
  private scopedHandler(wrapper: Wrapper, methodName: string, enhancers: HandlerEnhancers | null): TaskHandler {
    return async (payload, ctx) => {
      const contextId = ContextIdFactory.create();
      this.moduleRef.registerRequestByContextId({ payload, ctx }, contextId);
      const instance = await this.moduleRef.resolve<Record<string, TaskHandler>>(wrapper.token as Type, contextId, {
        strict: false,
      });
      if (enhancers) return enhancers.bind(instance, methodName, contextId)(payload, ctx);
      return instance[methodName]!(payload, ctx);
    };
  }
}

type Prototype = Record<string, object> & { constructor: { name: string } };

/** Of the class where there is one, so that no instance is needed yet; of the instance where a factory made it. */
function prototypeOf(wrapper: Wrapper): Prototype | null {
  const isClass = typeof wrapper.metatype === 'function' && !wrapper.inject && wrapper.metatype.prototype !== undefined;
  if (isClass) return (wrapper.metatype as Type).prototype as Prototype;
  const instance: unknown = wrapper.instance;
  return typeof instance === 'object' && instance !== null
    ? (Object.getPrototypeOf(instance) as Prototype | null)
    : null;
}
