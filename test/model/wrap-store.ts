import type { TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import type { OpenStore } from '../contract/fixtures.js';

/** The same store with some verbs replaced. */
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

/**
 * Asks first what is due, as duties and idle workers do, and leaves out what then seems to be useless. A worker that gets
 * some effect must have reported that there is work.
 */
export function askingFirst(open: OpenStore): OpenStore {
  return wrapStore(open, (inner) => {
    const newest = new Map<string, number>();
    return {
      promote: async (limit) => {
        const { promote, nextDue } = await inner.due();
        return promote ? inner.promote(limit) : { done: 0, more: false, nextDue };
      },
      rescue: async (limit) => ((await inner.due()).rescue ? inner.rescue(limit) : { done: 0, more: false }),
      expiredRuns: async (limit) => ((await inner.due()).rescue ? inner.expiredRuns(limit) : []),
      dueSchedules: async (limit, skip) => {
        const { schedules, nextTick } = await inner.due();
        const found = await inner.dueSchedules(limit, skip);
        return schedules ? found : { ...found, schedules: [], next: nextTick };
      },
      exchange: async (request) => {
        const { workerId, pipeline, sequence, settlements } = request;
        const isNew = sequence !== newest.get(`${workerId} ${pipeline}`);
        newest.set(`${workerId} ${pipeline}`, sequence);
        let isReported = false;
        const end = inner.subscribe((effects) => (isReported ||= effects.some(({ kind }) => kind === 'ready')));
        const { promote } = await inner.due();
        end();
        const reply = await inner.exchange(request);
        if (isNew && settlements.length === 0 && reply.claims.length > 0 && !isReported && !promote)
          throw new Error(`${reply.claims.length} executions were ready, and no worker was told`);
        return reply;
      },
    };
  });
}

/** Sends every exchange three times, like a client that loses replies: only one of them may count. */
export function repeatingExchanges(open: OpenStore): OpenStore {
  return wrapStore(open, (inner) => ({
    exchange: async (request) => {
      await inner.exchange(request);
      await inner.exchange(request);
      return inner.exchange(request);
    },
  }));
}
