import { AsyncResource } from 'node:async_hooks';
// From the module: fake timers of a test framework replace the global one.
import { setImmediate } from 'node:timers';

const OPTIONS = { requireManualDestroy: true };
const entry = (): AsyncResource => new AsyncResource('SchedulerEntry', OPTIONS);

/**
 * The async context in which the scheduler was created. Handlers, listeners, timers and all work between them run in
 * it, never in that of their caller: stores of AsyncLocalStorage belong to a request.
 */
export class BootContext {
  private readonly root = new AsyncResource('Scheduler', OPTIONS);

  /**
   * Calls `fn` in this context. Each call enters it anew, so the effect of an `enterWith` inside ends with the call.
   */
  run<A extends unknown[], T>(fn: (...args: A) => T, ...args: A): T {
    return this.runOn(undefined, fn, ...args);
  }

  /** Calls `fn` in this context in the next turn of the event loop. */
  nextTurn(fn: () => void): void {
    this.run(setImmediate, fn);
  }

  /** Returns the object with methods that run in this context. Callers await the results in their own context. */
  wrap<T extends object>(target: T): T {
    const methods = target as Record<string, (...args: unknown[]) => unknown>;
    const wrapped = Object.create(target) as typeof methods;
    for (const name of methodNames(target)) wrapped[name] = (...args) => this.runOn(target, methods[name]!, ...args);
    return wrapped as T;
  }

  private runOn<A extends unknown[], T>(self: unknown, fn: (...args: A) => T, ...args: A): T {
    // On a separate resource: Node 20 and 22 keep the effect of `enterWith` on the resource that was entered.
    return this.root.runInAsyncScope(entry).runInAsyncScope(fn, self, ...args);
  }
}

function methodNames(target: object): Set<string> {
  const names = new Set<string>();
  for (let from: object = target; from !== Object.prototype; from = Object.getPrototypeOf(from) as object) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(from)))
      if (typeof value === 'function' && name !== 'constructor') names.add(name);
  }
  return names;
}
