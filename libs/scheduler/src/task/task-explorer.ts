import { Injectable, Logger, type Type } from '@nestjs/common';
import { ApplicationConfig, DiscoveryService, ExternalContextCreator, ModuleRef } from '@nestjs/core';
import { InvalidHandlerError, InvalidOptionError, withSubject } from '../core/errors.js';
import { messageOf } from '../core/failure.js';
import { checkOptionNames } from '../core/check-options.js';
import { handlerOf } from './bind-handler.js';
import { HandlerEnhancers } from './handler-enhancers.js';
import { HandlerHost, prototypeOf, type Prototype, type Wrapper } from './handler-host.js';
import { findUnmade, isEnhanced, keepMetadata } from './handler-metadata.js';
import { HandlerRegistry } from './handler-registry.js';
import {
  declaredMethods,
  declaringClasses,
  type DeclaredMethod,
  type ScheduledTaskMetadata,
} from './scheduled-task.decorator.js';
import type { TaskOptions, TaskOptionsFactory } from './task-ref.js';

/** A decorated method of a provider or controller. */
export interface FoundTask {
  metadata: ScheduledTaskMetadata;
  /** 'ReportService.generate' */
  place: string;
}

export interface ExplorerOptions {
  /** The scheduler whose tasks are searched. */
  schedulerName: string;
  applyGlobal: boolean;
  /** All schedulers of the app; null: not all are known yet. */
  schedulers: ReadonlySet<string> | null;
  /** Whether the app has started: then an error is thrown only once. */
  isLate: boolean;
}

/** Finds @ScheduledTask methods on every provider and controller, whatever its scope, and registers their handlers. */
@Injectable()
export class TaskExplorer {
  private readonly logger = new Logger('Scheduler');
  /** By funcPath: the method, and the provider on which it was found first. */
  private readonly seen = new Map<string, { prototype: Prototype; methodName: string; wrapper: Wrapper }>();
  private readonly warned = new Set<unknown>();
  /** Errors in modules that were loaded late. */
  private readonly refused: { prototype: Prototype; metadata: ScheduledTaskMetadata }[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly moduleRef: ModuleRef,
    private readonly creator: ExternalContextCreator,
    private readonly config: ApplicationConfig,
    private readonly registry: HandlerRegistry,
  ) {}

  /**
   * Registers new handlers.
   * @param found receives the new ones, also before an error
   * @throws DuplicateHandlerError, InvalidHandlerError, InvalidOptionError for an unknown scheduler
   */
  explore(options: ExplorerOptions, found: FoundTask[]): void {
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      if (wrapper.isAlias) continue;
      const prototype = prototypeOf(wrapper);
      if (prototype === null) continue;
      for (const declared of declaredMethods(prototype)) this.take(wrapper, prototype, declared, options, found);
    }
  }

  /** The options of a decorator, from its factory if it has one. @throws InvalidHandlerError, InvalidOptionError */
  async optionsOf({ metadata, place }: FoundTask): Promise<TaskOptions> {
    const { options, funcPath } = metadata;
    const subject = `task '${funcPath}' (${place})`;
    if (!hasOptionsFactory(options)) return checkOptions(options, subject, 'options');
    let made: unknown;
    try {
      checkOptionNames(options, ['inject', 'useFactory', 'scheduler']);
      const { inject = [], useFactory } = options as { inject?: unknown; useFactory: unknown };
      if (!Array.isArray(inject)) throw new InvalidOptionError('inject', inject, 'a list of tokens');
      if (typeof useFactory !== 'function') throw new InvalidOptionError('useFactory', useFactory, 'a function');
      made = await (useFactory as (...args: unknown[]) => unknown)(...this.injected(inject));
    } catch (error) {
      if (error instanceof InvalidOptionError) throw withSubject(subject, error);
      const problem = `the factory of its options failed: ${messageOf(error)}`;
      throw new InvalidHandlerError(place, problem, { funcPath, cause: error });
    }
    const checked = checkOptions(made as TaskOptions, subject, 'the result of useFactory');
    if (checked.scheduler !== undefined && checked.scheduler !== options.scheduler)
      throw withSubject(
        subject,
        new InvalidOptionError(
          'scheduler',
          checked.scheduler,
          'given next to useFactory, since it selects the scheduler',
        ),
      );
    return checked;
  }

  /**
   * Decorated methods may be hidden behind a factory that creates an instance for each run: its result is unknown,
   * unless its token is the class. Warns about possible factories.
   * @throws InvalidHandlerError if the source text of a factory names the class
   */
  checkHidden(isLate: boolean): void {
    const wrappers = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    const factories = wrappers.filter((each) => isHiding(each) && !this.warned.has(each));
    if (factories.length === 0) return;
    const known = new Set<unknown>(wrappers.map(prototypeOf));
    const classes = declaringClasses().filter((each) => !known.has(each) && !isBase(each, known));
    if (classes.length === 0) return;
    for (const factory of factories) {
      const words = new Set(String(factory.metatype).match(/[\w$]+/g));
      const made = classes.find((each) => words.has(each.constructor.name));
      if (made && isLate) this.warned.add(factory);
      if (made) throw hidden(made, factory);
    }
    for (const each of factories) this.warned.add(each);
    this.logger.warn(
      `no provider has the @ScheduledTask methods of ${names(classes.map((each) => each.constructor.name))}; if a request-scoped factory makes it (${names(factories.map(({ name }) => String(name)))}), provide it under its class, so that its methods are found`,
    );
  }

  private take(
    wrapper: Wrapper,
    prototype: Prototype,
    { methodName, current, metadata }: DeclaredMethod,
    options: ExplorerOptions,
    found: FoundTask[],
  ): void {
    for (const each of metadata) {
      if (this.refused.some((one) => one.prototype === prototype && one.metadata === each)) continue;
      try {
        this.takeOne(wrapper, prototype, { methodName, current }, each, options, found);
      } catch (error) {
        if (options.isLate) this.refused.push({ prototype, metadata: each });
        throw error;
      }
    }
  }

  private takeOne(
    wrapper: Wrapper,
    prototype: Prototype,
    method: Omit<DeclaredMethod, 'metadata'>,
    metadata: ScheduledTaskMetadata,
    options: ExplorerOptions,
    found: FoundTask[],
  ): void {
    const { methodName } = method;
    const { funcPath } = metadata;
    const place = `${prototype.constructor.name}.${methodName}`;
    if (schedulerOf(metadata, place, options.schedulers) !== options.schedulerName) return;
    if (this.isSeen(funcPath, wrapper, prototype, methodName)) return;
    const host = new HandlerHost(wrapper, prototype, this.moduleRef);
    const at = { place, moduleName: host.moduleName };
    this.registry.add(funcPath, this.handlerOf(host, metadata, method, options.applyGlobal), at);
    this.seen.set(funcPath, { prototype, methodName, wrapper });
    found.push({ metadata, place });
  }

  /** One class may be provided by several modules: its first instance is the handler. */
  private isSeen(funcPath: string, wrapper: Wrapper, prototype: Prototype, methodName: string): boolean {
    const first = this.seen.get(funcPath);
    if (first?.prototype !== prototype || first.methodName !== methodName) return false;
    if (first.wrapper === wrapper || this.warned.has(wrapper)) return true;
    this.warned.add(wrapper);
    const modules = names([first.wrapper, wrapper].map(({ host }) => host?.name ?? 'no module'));
    this.logger.warn(
      `${prototype.constructor.name} is provided more than once (${modules}): the instance of ${first.wrapper.host?.name} handles '${funcPath}'`,
    );
    return true;
  }

  private handlerOf(
    host: HandlerHost,
    { funcPath, method }: ScheduledTaskMetadata,
    { methodName, current }: Omit<DeclaredMethod, 'metadata'>,
    applyGlobal: boolean,
  ): ReturnType<typeof handlerOf> {
    const place = `${host.prototype.constructor.name}.${methodName}`;
    if (typeof current !== 'function')
      throw new InvalidHandlerError(place, 'another decorator has made it an accessor; it must stay a method', {
        funcPath,
      });
    if (current !== method) keepMetadata(method, current);
    const unmade = findUnmade(host.classRef, methodName, (metatype) => host.enhancer(metatype) !== undefined);
    if (unmade !== null)
      throw new InvalidHandlerError(
        place,
        `Nest makes no instance of its ${unmade}, as ${host.moduleName} has the instance of ${host.prototype.constructor.name} made by a factory or a value; provide the class itself, or bind an instance`,
        { funcPath },
      );
    const isBound = applyGlobal || isEnhanced(host.classRef, methodName);
    const enhancers = isBound
      ? new HandlerEnhancers(this.creator, host, methodName, applyGlobal ? this.config : null)
      : null;
    return handlerOf(host, methodName, enhancers);
  }

  private injected(inject: readonly unknown[]): unknown[] {
    return inject.map((token) => {
      const { token: plain, optional } =
        typeof token === 'object' && token !== null && 'token' in token
          ? (token as { token: unknown; optional?: boolean })
          : { token, optional: false };
      try {
        return this.moduleRef.get<unknown>(plain as Type, { strict: false });
      } catch (error) {
        if (optional) return undefined;
        throw error;
      }
    });
  }
}

/** Whether other providers are needed to create them. */
export function hasOptionsFactory(options: unknown): options is TaskOptionsFactory {
  return typeof options === 'object' && options !== null && 'useFactory' in options;
}

/** Its fields are checked at registration. */
function checkOptions(options: TaskOptions, subject: string, what: string): TaskOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw withSubject(subject, new InvalidOptionError(what, options, 'an object'));
  return options;
}

/** @throws InvalidOptionError if no scheduler of the app has the name */
function schedulerOf(
  { options, funcPath }: ScheduledTaskMetadata,
  place: string,
  schedulers: ReadonlySet<string> | null,
): string {
  const name = (options as { scheduler?: unknown } | null)?.scheduler ?? '';
  if (schedulers === null || schedulers.has(name as string)) return name as string;
  const known = [...schedulers].map((each) => (each === '' ? 'none (the one without a name)' : `'${each}'`));
  const found = name === '' ? undefined : name;
  throw withSubject(
    `task '${funcPath}' (${place})`,
    new InvalidOptionError('scheduler', found, `a scheduler that a module registers: ${known.join(', ')}`),
  );
}

function isHiding(wrapper: Wrapper): boolean {
  return (
    !wrapper.isAlias &&
    typeof wrapper.metatype === 'function' &&
    !!wrapper.inject &&
    prototypeOf(wrapper) === null &&
    (wrapper.isTransient || !wrapper.isDependencyTreeStatic())
  );
}

function hidden(prototype: object, factory: Wrapper): InvalidHandlerError {
  const { name } = prototype.constructor;
  const [{ methodName, metadata } = { methodName: '', metadata: [] }] = declaredMethods(prototype);
  return new InvalidHandlerError(
    `${name}.${methodName}`,
    `the factory of ${String(factory.name)} in ${factory.host?.name} makes an instance for each run, so that its methods are not found; provide it as { provide: ${name}, useFactory, … }`,
    { funcPath: metadata[0]?.funcPath },
  );
}

/** Whether a provided class extends it. */
function isBase(prototype: object, known: ReadonlySet<unknown>): boolean {
  return [...known].some((each) => each instanceof Object && Object.prototype.isPrototypeOf.call(prototype, each));
}

function names(list: readonly string[]): string {
  return list.slice(0, 5).join(', ') + (list.length > 5 ? ` and ${list.length - 5} more` : '');
}
