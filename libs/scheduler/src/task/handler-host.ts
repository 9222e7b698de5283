import type { Type } from '@nestjs/common';
import { ContextIdFactory, type DiscoveryService, type ModuleRef } from '@nestjs/core';
import { DurableContextError } from '../core/errors.js';
import type { TaskContext } from './task-context.js';

/** Nest's record of a provider or controller. */
export type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];
export type ContextId = ReturnType<typeof ContextIdFactory.create>;
type Collection = ReadonlyMap<unknown, Wrapper>;

/** The part of Nest's injector that its own routers and packages use. */
interface Injector {
  loadPerContext(
    instance: unknown,
    host: unknown,
    collection: Collection,
    contextId: ContextId,
    wrapper: Wrapper,
  ): Promise<object>;
  loadEnhancersPerContext(
    of: { getEnhancersMetadata: () => readonly Wrapper[] },
    contextId: ContextId,
    inquirer: Wrapper,
  ): Promise<void>;
}

export type Prototype = Record<string, unknown> & { constructor: { name: string } };

/** The provider or controller of a handler, with its module: several modules can have the token. */
export class HandlerHost {
  private readonly injector: Injector;

  constructor(
    readonly wrapper: Wrapper,
    readonly prototype: Prototype,
    private readonly moduleRef: ModuleRef,
  ) {
    this.injector = (moduleRef as unknown as { injector: Injector }).injector;
  }

  get classRef(): Type {
    return this.prototype.constructor as unknown as Type;
  }

  get moduleName(): string {
    return this.wrapper.host?.name ?? 'no module';
  }

  /** Whether one instance serves all runs. Valid after the app has created its providers. */
  get isStatic(): boolean {
    return !this.wrapper.isTransient && this.wrapper.isDependencyTreeStatic();
  }

  /** The single instance, if there is one. */
  get instance(): object {
    return this.wrapper.instance as object;
  }

  /** Nest's record of a class that is bound as an enhancer, if there is one. */
  enhancer(metatype: unknown): Wrapper | undefined {
    return (this.wrapper.host?.injectables as Collection | undefined)?.get(metatype);
  }

  /** The enhancers of the class and its methods that Nest instantiates. */
  get enhancers(): readonly Wrapper[] {
    return this.wrapper.getEnhancersMetadata() ?? [];
  }

  /** A separate instance for one run. */
  load(contextId: ContextId): Promise<object> {
    const { wrapper } = this;
    const { controllers, providers } = wrapper.host!;
    const isController = controllers.get(wrapper.token) === wrapper;
    const collection = (isController ? controllers : providers) as Collection;
    return this.injector.loadPerContext(wrapper.instance, wrapper.host, collection, contextId, wrapper);
  }

  /** Creates enhancers for the handler, if they belong to this context or to each consumer. */
  loadEnhancers(enhancers: readonly Wrapper[], contextId: ContextId): Promise<void> {
    return this.injector.loadEnhancersPerContext({ getEnhancersMetadata: () => enhancers }, contextId, this.wrapper);
  }

  /**
   * The context of one run, in which Nest's REQUEST is { payload, ctx }. With a durable provider, the app's strategy
   * derives its context from that.
   * @throws DurableContextError
   */
  contextOf(payload: unknown, ctx: TaskContext, enhancers: readonly Wrapper[]): ContextId {
    const request = { payload, ctx };
    const isDurable = [this.wrapper, ...enhancers].some((wrapper) => hasDurable(wrapper));
    const contextId = isDurable ? durableContext(request) : ContextIdFactory.create();
    // A shared instance receives what it is shared by, never the request of one run.
    const isShared = contextId.getParent !== undefined && this.wrapper.isDependencyTreeDurable();
    const value = isShared ? contextId.payload : Object.assign(request, contextId.payload as object | undefined);
    this.moduleRef.registerRequestByContextId(value, contextId);
    return contextId;
  }
}

function durableContext(request: object): ContextId {
  try {
    return ContextIdFactory.getByRequest(request as never);
  } catch (error) {
    throw new DurableContextError(error);
  }
}

function hasDurable(wrapper: Wrapper, seen = new Set<Wrapper>()): boolean {
  if (seen.has(wrapper)) return false;
  seen.add(wrapper);
  if (wrapper.durable) return true;
  const properties = wrapper.getPropertiesMetadata() ?? [];
  return [
    ...(wrapper.getCtorMetadata() ?? []),
    ...properties.map((property) => property.wrapper),
    ...(wrapper.getEnhancersMetadata() ?? []),
  ].some((each) => hasDurable(each, seen));
}

/**
 * Of the class if there is one, since no instance is needed; of the instance if a factory created it; of the class that
 * is its token, if a factory creates one for each run.
 */
export function prototypeOf({ metatype, inject, instance, token }: Wrapper): Prototype | null {
  const isClass = typeof metatype === 'function' && !inject && metatype.prototype !== undefined;
  if (isClass) return (metatype as Type).prototype as Prototype;
  if (typeof instance === 'object' && instance !== null) return Object.getPrototypeOf(instance) as Prototype | null;
  const isFactory = typeof metatype === 'function';
  return isFactory && typeof token === 'function'
    ? (((token as Type).prototype as Prototype | undefined) ?? null)
    : null;
}
