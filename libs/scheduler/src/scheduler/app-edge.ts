import { Injectable, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LazyModuleLoader, ModulesContainer, NestApplicationContext } from '@nestjs/core';
import { InvalidOptionError } from '../core/errors.js';

/**
 * Nest calls the init hooks of modules by decreasing distance from the root, and the destroy hooks by increasing
 * distance. The root has 0 or 1, so this module is the last to start and the first to stop, whatever else an app
 * imports.
 */
const OUTERMOST = -1;

/** A scheduler of the app, as seen by the app's start and stop. */
export interface AppMember {
  /** '' for the unnamed one. */
  readonly name: string;
  /** All bootstrap hooks of the app have returned. */
  begin(): Promise<void>;
  /** The app closes; no hook of another module has been called yet. */
  drain(): Promise<void>;
  /** Modules were loaded after the start: registers their declarations. */
  addLate(): Promise<void>;
  /** Releases everything. A second call waits for the first. */
  close(): Promise<void>;
}

/** Starts the schedulers of an app after everything else, and drains them in parallel before anything else. */
@Injectable()
export class AppEdge implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly members = new Set<AppMember>();
  /** Whether all providers exist, and so all members are known. */
  isComplete = false;

  constructor(private readonly modules: ModulesContainer) {
    for (const module of modules.values()) if (module.metatype === AppEdgeModule) module.distance = OUTERMOST;
    edges.set(modules, this);
    watchInit();
  }

  /** Their names; '' for the unnamed one. */
  get schedulers(): ReadonlySet<string> {
    return new Set([...this.members].map(({ name }) => name));
  }

  /** @throws InvalidOptionError after the app has started: Nest calls no hook of a module that is loaded later */
  join(member: AppMember): void {
    if (started.has(this.modules))
      throw new InvalidOptionError(
        'SchedulerModule.forRoot',
        'a module that is loaded later',
        'in modules that exist when the app starts; modules loaded later may have handlers and forFeature',
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

  /** Modules were loaded during or after the start. */
  async takeUp(): Promise<void> {
    for (const member of this.members) await member.addLate();
  }

  /** The app has failed to start. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.members].map((member) => member.close()));
  }
}

/** Imported by each SchedulerModule; Nest creates one for the app. */
@Module({ providers: [AppEdge], exports: [AppEdge] })
export class AppEdgeModule {}

/** Edges by the modules of their app. */
const edges = new WeakMap<object, AppEdge>();
/** The modules of the apps that have started. */
const started = new WeakSet<object>();

interface Hooks {
  callInitHook?: () => Promise<void>;
  callBootstrapHook?: () => Promise<void>;
}

/**
 * Closes the schedulers of an app if another module fails to start: Nest then calls no hook, and
 * `createApplicationContext` returns no app to close, so connections, timers and files would stay open. Also registers
 * the declarations of modules that are loaded later.
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

/** Nest's loader of modules after the start; it calls no hook of the modules it loads. */
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
