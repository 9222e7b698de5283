import type { TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import type { OpenStore } from '../contract/fixtures.js';

/** The same store with some verbs exchanged. */
export function exchangeVerbs(inner: TaskStore, change: (inner: TaskStore) => Partial<TaskStore>): TaskStore {
  const changed = change(inner);
  return new Proxy(inner, {
    get(_, name) {
      const value: unknown = Reflect.get(changed, name) ?? Reflect.get(inner, name);
      return typeof value === 'function' ? (value.bind(inner) as unknown) : value;
    },
  });
}

/** As `exchangeVerbs`, of every store that is opened. */
export function wrapStore(open: OpenStore, change: (inner: TaskStore) => Partial<TaskStore>): OpenStore {
  return async (options) => {
    const opened = await open(options);
    return { ...opened, store: exchangeVerbs(opened.store, change) };
  };
}

/** Sends every exchange three times, as a client does that loses replies: only one of them may count. */
export function repeatingExchanges(open: OpenStore): OpenStore {
  return wrapStore(open, (inner) => ({
    exchange: async (request) => {
      await inner.exchange(request);
      await inner.exchange(request);
      return inner.exchange(request);
    },
  }));
}
