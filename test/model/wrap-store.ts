import type { TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import type { OpenStore } from '../contract/fixtures.js';

/** The same store with some verbs exchanged. */
export function wrapStore(open: OpenStore, change: (inner: TaskStore) => Partial<TaskStore>): OpenStore {
  return async (options) => {
    const opened = await open(options);
    const changed = change(opened.store);
    const store = new Proxy(opened.store, {
      get(inner, name) {
        const value: unknown = Reflect.get(changed, name) ?? Reflect.get(inner, name);
        return typeof value === 'function' ? (value.bind(inner) as unknown) : value;
      },
    });
    return { ...opened, store };
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
