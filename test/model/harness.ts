import type { TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import type { ExecutionFactory } from './execution-factory.js';
import type { Inspector } from './inspector.js';
import type { Oracle, Scope } from './oracle.js';
import type { Reference } from './reference.js';

/** What a group of actions needs of its model. */
export interface Harness {
  readonly store: TaskStore;
  readonly now: number;
  readonly reference: Reference;
  readonly oracle: Oracle;
  readonly inspector: Inspector;
  readonly factory: ExecutionFactory;
  /** Calls the store, and compares all effects during the call with the scope. */
  call<T>(scope: Scope | ((reply: T) => Scope), verb: () => Promise<T>): Promise<T>;
  /** No visible state may change, and only a refusal may be reported. */
  unchanged<T>(what: string, verb: () => Promise<T>): Promise<T>;
}
