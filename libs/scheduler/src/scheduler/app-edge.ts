import { Injectable, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LazyModuleLoader, ModulesContainer, NestApplicationContext } from '@nestjs/core';
import { InvalidOptionError } from '../core/errors.js';

/**
 * Nest calls the init hooks of modules by falling distance from the root, and the destroy hooks by rising distance. The
 * root has 0 or 1, so that this module is the last to start and the first to stop, whatever else an app imports.
 */
const OUTERMOST = -1;

/** A scheduler of the app, at the two edges of the app's life. */
export interface AppMember {
  /** '' for the one without. */
  readonly name: string;
  /** All bootstrap hooks of the app have returned. */
  begin(): Promise<void>;
  /** The app closes, and no hook of another module has been called yet. */
  drain(): Promise<void>;
  /** Modules were loaded after the start: registers what they declare. */
  takeUp(): Promise<void>;
  /** Releases everything. A second call waits for the first. */
  close(): Promise<void>;
}

/** Starts the schedulers of an app after everything else, and drains them, all at once, before anything else. */
@Injectable()
export class AppEdge implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly members = new Set<AppMember>();
  /** Whether all providers are made, and so all members are known. */
  isComplete = false;

  constructor(private readonly modules: ModulesContainer) {
    for (const module of modules.values()) if (module.metatype === AppEdgeModule) module.distance = OUTERMOST;
    edges.set(modules, this);
    watchInit();
  }

  /** Their names; '' for the one without. */
  get schedulers(): ReadonlySet<string> {
    return new Set([...this.members].map(({ name }) => name));
  }

  /** @throws InvalidOptionError once the app has started: Nest calls no hook of a module that is loaded later */
  join(member: AppMember): void {
    if (started.has(this.modules))
      throw new InvalidOptionError(
        'SchedulerModule.forRoot',
        'a module that is loaded later',
        'in modules that are there when the app starts; those loaded later may have handlers and forFeature',
      );
    this.members.add(member);
  }

  async onApplicationBootstrap(): Promise<void> {
    const begun = await Promise.allSettled([...this.members].map((member) => member.begin()));
    const failed = begun.find((each) => each.status === 'rejected');
    if (!failed) return;
    await this.close();
    throw failed.reason;
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([...this.members].map((member) => member.drain()));
  }

  /** Modules were loaded after the start, or during it. */
  async takeUp(): Promise<void> {
    for (const member of this.members) await member.takeUp();
  }

  /** The app has failed to start. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.members].map((member) => member.close()));
  }
}

/** Imported by each SchedulerModule; Nest makes one of it for the app. */
@Module({ providers: [AppEdge], exports: [AppEdge] })
export class AppEdgeModule {}

/** By the modules of their app. */
const edges = new WeakMap<object, AppEdge>();
/** The modules of the apps that have started. */
const started = new WeakSet<object>();

interface Hooks {
  callInitHook?: () => Promise<void>;
  callBootstrapHook?: () => Promise<void>;
}

/**
 * Closes the schedulers of an app of which another module fails to start. Nest calls no hook then, and
 * `createApplicationContext` hands out no app that could be closed; connections, timers and files would stay open. And
 * registers what modules declare that are loaded later.
 */
function watchInit(): void {
  const prototype = NestApplicationContext.prototype as unknown as Hooks & { [WATCHED]?: boolean };
  if (prototype[WATCHED]) return;
  prototype[WATCHED] = true;
  for (const name of ['callInitHook', 'callBootstrapHook'] as const) {
    const original = prototype[name];
    if (original) prototype[name] = closingAfterFailure(original, name === 'callBootstrapHook');
  }
  const loader = LazyModuleLoader.prototype as unknown as Loader;
  loader.load = takingUp(loader.load);
}
const WATCHED = Symbol.for('nestjs-advanced-scheduler:init-watched');

function closingAfterFailure(original: () => Promise<void>, isLast: boolean): () => Promise<void> {
  return async function (this: { container?: { getModules(): object } }): Promise<void> {
    const modules = this.container?.getModules();
    const edge = modules && edges.get(modules);
    if (edge) edge.isComplete = true;
    try {
      await original.call(this);
      if (isLast && modules) started.add(modules);
    } catch (error) {
      await edge?.close();
      throw error;
    }
  };
}

/** Nest's loader of modules after the start; it calls no hook of what it loads. */
interface Loader {
  load: (this: { modulesContainer?: object }, ...args: unknown[]) => Promise<unknown>;
}

function takingUp(original: Loader['load']): Loader['load'] {
  return async function (...args) {
    const moduleRef = await original.apply(this, args);
    if (this.modulesContainer) await edges.get(this.modulesContainer)?.takeUp();
    return moduleRef;
  };
}
