import { settle, type NewExecution, type RunToken } from '../../libs/scheduler/src/core/commands.js';
import type { Effect } from '../../libs/scheduler/src/core/effects.js';
import type { TaskExecution } from '../../libs/scheduler/src/core/execution.js';
import type { ExchangeReply, ExchangeRequest, TaskStore } from '../../libs/scheduler/src/store/task-store.js';

export type Bug = (inner: TaskStore) => Partial<TaskStore>;

/** Changes executions before they reach the store. */
const altered =
  (alter: (execution: NewExecution) => NewExecution): Bug =>
  (inner) => ({
    enqueue: (batch) => inner.enqueue(batch.map(alter)),
    startWorkflow: (workflow, executions) => inner.startWorkflow(workflow, executions.map(alter)),
  });

/** Remembers the current runs of each worker, in the order of their claims. */
function bookkeeper(inner: TaskStore) {
  const runs = new Map<string, RunToken & { workerId: string }>();
  const exchange = async (request: ExchangeRequest): Promise<ExchangeReply> => {
    const reply = await inner.exchange(request);
    for (const claim of reply.claims) {
      runs.delete(claim.executionId);
      runs.set(claim.executionId, {
        executionId: claim.executionId,
        leaseToken: claim.leaseToken,
        workerId: request.workerId,
      });
    }
    return reply;
  };
  return { runs, exchange };
}

/** A settlement counts whatever its token: it is replaced by the current one. */
const noTokenCheck: Bug = (inner) => {
  const { runs, exchange } = bookkeeper(inner);
  return {
    exchange: async (request) => {
      const reply = await exchange(request);
      const settled = [...reply.settled];
      for (const [i, settlement] of request.settlements.entries()) {
        const run = runs.get(settlement.executionId);
        if (settled[i] !== 'stale' || !run) continue;
        if (await inner.settleExpired({ ...settlement, leaseToken: run.leaseToken })) settled[i] = 'applied';
      }
      return { ...reply, settled };
    },
  };
};

/** A worker's runs return to the head one by one, so the last of them comes first. */
const ordersLost: Bug = (inner) => {
  const { runs, exchange } = bookkeeper(inner);
  return {
    exchange,
    deregister: async (workerId) => {
      for (const run of runs.values()) if (run.workerId === workerId) await inner.settleExpired(settle.release(run));
      return inner.deregister(workerId);
    },
  };
};

/** Hides what was SKIPPED because of something that was SKIPPED itself. */
const skipDepthOne: Bug = (inner) => {
  const edges = new Map<string, string[]>();
  const ended = new Map<string, string>();
  const hidden = new Set<string>();
  const note = (batch: readonly NewExecution[]): void => {
    for (const { executionId, edges: ofIt } of batch) {
      edges.set(
        executionId,
        (ofIt ?? []).flatMap((edge) => (edge.bind === 'newest' ? [] : [edge.bind.executionId])),
      );
    }
  };
  const isDeep = (effect: Effect): boolean => {
    if (effect.kind !== 'execution') return false;
    ended.set(effect.executionId, effect.status);
    const causes = (edges.get(effect.executionId) ?? []).map((id) => ended.get(id));
    const deep = effect.transition === 'skipped' && causes.length > 0 && causes.every((status) => status === 'SKIPPED');
    if (deep) hidden.add(effect.executionId);
    else hidden.delete(effect.executionId);
    return deep;
  };
  const lie = (item: TaskExecution): TaskExecution =>
    hidden.has(item.executionId)
      ? { ...item, status: 'PENDING', completedTime: null, waitingFor: { kind: 'dependencies', dependencies: [] } }
      : item;
  return {
    enqueue: (batch) => (note(batch), inner.enqueue(batch)),
    startWorkflow: (workflow, executions) => (note(executions), inner.startWorkflow(workflow, executions)),
    subscribe: (listener) => inner.subscribe((effects) => listener(effects.filter((effect) => !isDeep(effect)))),
    listExecutions: async (query) => {
      const page = await inner.listExecutions(query);
      return { ...page, items: page.items.map(lie) };
    },
  };
};

/** A repeat is executed again, as if it were a new call. */
const repeatsCount: Bug = (inner) => {
  let sequence = 0;
  return { exchange: (request) => inner.exchange({ ...request, sequence: ++sequence }) };
};

/** Any caller may release and extend the lock as its owner. */
const anyTokenUnlocks: Bug = (inner) => ({
  releaseLock: async (key) => {
    const lock = await inner.getLock(key);
    return lock?.kind === 'handle' && inner.releaseLock(key, lock.owner!, lock.fencingToken);
  },
  extendLock: async (key, _owner, _token, ttl) => {
    const lock = await inner.getLock(key);
    return lock?.kind === 'handle' && inner.extendLock(key, lock.owner!, lock.fencingToken, ttl);
  },
});

/** A tick fires whatever the state of its schedule. */
const everyTickFires: Bug = (inner) => ({
  fire: async ([command]) => {
    const schedule = await inner.getSchedule(command!.scheduleId);
    const expected = { revision: schedule!.revision, nextRunTime: schedule!.nextRunTime! };
    return inner.fire([{ ...command!, expected }]);
  },
});

/** Each with the invariants that it violates: the checkers must name one of them. */
export const PLANTED_BUGS: Record<string, { bug: Bug; breaks: readonly string[] }> = {
  'settlements need no token': { bug: noTokenCheck, breaks: ['I3', 'I16', 'I17'] },
  'children start early': { bug: altered((execution) => ({ ...execution, edges: null })), breaks: ['I7', 'I8', 'I13'] },
  'delays are cut short': { bug: altered((execution) => ({ ...execution, delay: null })), breaks: ['I12', 'I13'] },
  'work that comes back loses its order': { bug: ordersLost, breaks: ['I9'] },
  'a batch is queued in reverse': {
    bug: (inner) => ({
      enqueue: async (batch) => {
        await inner.enqueue([...batch].reverse());
        return batch.map((execution) => execution.executionId);
      },
    }),
    breaks: ['I9', 'I2'],
  },
  'skips reach one level only': { bug: skipDepthOne, breaks: ['I3', 'I8'] },
  'effects are told twice': {
    bug: (inner) => ({
      subscribe: (listener) =>
        inner.subscribe((effects) => {
          listener(effects);
          listener(effects);
        }),
    }),
    breaks: ['I3', 'I11', 'I13'],
  },
  'repeats of an exchange count': { bug: repeatsCount, breaks: ['I16', 'I3'] },
  'any token unlocks': { bug: anyTokenUnlocks, breaks: ['I11'] },
  'a tick fires on any state': { bug: everyTickFires, breaks: ['I1', 'I10', 'I16'] },
  'a batch loses its last part': {
    bug: (inner) => ({
      enqueue: async (batch) => {
        await inner.enqueue(batch.length > 1 ? batch.slice(0, -1) : batch);
        return batch.map((execution) => execution.executionId);
      },
    }),
    breaks: ['I3', 'I1'],
  },
  'nobody comes to the rescue': {
    bug: () => ({ rescue: () => Promise.resolve({ done: 0, more: false }) }),
    breaks: ['I6'],
  },
  'a cancel is forgotten': {
    bug: () => ({ cancel: () => Promise.resolve({ was: 'PENDING', is: 'CANCELLED' }) }),
    breaks: ['I3', 'I17'],
  },
  'a counter drifts': {
    bug: (inner) => ({
      stats: async () => {
        const stats = await inner.stats();
        return { ...stats, counters: { ...stats.counters, failed: stats.counters.failed + stats.counters.stale } };
      },
    }),
    breaks: ['I13'],
  },
};
