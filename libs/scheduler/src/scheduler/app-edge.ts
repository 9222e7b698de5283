import { Injectable, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ModulesContainer, NestApplicationContext } from '@nestjs/core';

/**
 * Nest calls the init hooks of modules by falling distance from the root, and the destroy hooks by rising distance. The
 * root has 0 or 1, so that this module is the last to start and the first to stop, whatever else an app imports.
 */
const OUTERMOST = -1;

/** A scheduler of the app, at the two edges of the app's life. */
export interface AppMember {
  /** All bootstrap hooks of the app have returned. */
  begin(): Promise<void>;
  /** The app closes, and no hook of another module has been called yet. */
  drain(): Promise<void>;
  /** Releases everything. A second call waits for the first. */
  close(): Promise<void>;
}

/** Starts the schedulers of an app after everything else, and drains them, all at once, before anything else. */
@Injectable()
export class AppEdge implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly members = new Set<AppMember>();

  constructor(modules: ModulesContainer) {
    for (const module of modules.values()) if (module.metatype === AppEdgeModule) module.distance = OUTERMOST;
    edges.set(modules, this);
    watchInit();
  }

  join(member: AppMember): void {
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

interface Hooks {
  callInitHook?: () => Promise<void>;
  callBootstrapHook?: () => Promise<void>;
}

/**
 * Closes the schedulers of an app of which another module fails to start. Nest calls no hook then, and
 * `createApplicationContext` hands out no app that could be closed; connections, timers and files would stay open.
 */
function watchInit(): void {
  const prototype = NestApplicationContext.prototype as unknown as Hooks & { [WATCHED]?: boolean };
  if (prototype[WATCHED]) return;
  prototype[WATCHED] = true;
  for (const name of ['callInitHook', 'callBootstrapHook'] as const) {
    const original = prototype[name];
    if (original) prototype[name] = closingAfterFailure(original);
  }
}
const WATCHED = Symbol.for('nestjs-advanced-scheduler:init-watched');

function closingAfterFailure(original: () => Promise<void>): () => Promise<void> {
  return async function (this: { container?: { getModules(): object } }): Promise<void> {
    try {
      await original.call(this);
    } catch (error) {
      const modules = this.container?.getModules();
      if (modules) await edges.get(modules)?.close();
      throw error;
    }
  };
}
