import { noCounts, noStatuses } from '../../no-counts.js';
import type { QueueLimits, StoreStats } from '../../records.js';
import { FIGURE } from './codes.js';
import { iso } from '../../views.js';
import { errorOf, listOf } from './views.js';

interface QueueView {
  queue: string;
  paused: boolean;
  limits: { max: number | false; per: number | false; concurrency: number | false; declaredBy: string | false } | false;
  served: boolean;
  sizes: number[];
  oldest: (number | false)[];
}

interface StatsView {
  /** Names of further queues, {} for none; the cursor for `queueNames`, '0': end. */
  rest: string[] | object;
  next: string;
  now: number;
  counters: Record<string, number>;
  /** {} for none. */
  queues: QueueView[];
  /** Ids of tasks; {} for none. */
  unhandled: string[] | object;
  delayed: number;
  window: Record<string, number>;
  errors: [taskId: string, executionId: string, error: string, time: number, taskName: string][] | object;
  workers: number;
  locks: number;
  setAside: number;
  returned: number;
  rewound: number;
}

export function statsOf(view: StatsView): StoreStats {
  return {
    now: view.now,
    counters: pick(noCounts(), view.counters),
    byStatus: pick(noStatuses(), view.counters),
    queues: listOf<QueueView>(view.queues)
      .map(({ queue, paused, limits, served, sizes, oldest }) => ({
        queue,
        paused,
        limits: limits === false ? null : limitsOf(limits),
        served,
        byPriority: sizes,
        oldestReadyTime: oldest.map((each) => (each === false ? null : each)),
      }))
      .sort((a, b) => (a.queue < b.queue ? -1 : 1)),
    unhandledTasks: listOf<string>(view.unhandled),
    delayed: view.delayed,
    waitingForDependencies: view.counters['waitingForDependencies'] ?? 0,
    waitingForLock: view.counters['waitingForLock'] ?? 0,
    waitingForHandler: view.counters['waitingForHandler'] ?? 0,
    window: windowOf(view.window),
    recentErrors: listOf<[string, string, string, number, string]>(view.errors).map(
      ([taskId, executionId, error, time, taskName]) => ({
        taskName,
        taskId,
        executionId,
        error: errorOf(error)!,
        time: iso(time),
      }),
    ),
    workers: view.workers,
    locks: view.locks,
    setAside: view.setAside,
    returned: view.returned,
    rewound: view.rewound,
  };
}

function limitsOf({ max, per, concurrency, declaredBy }: Exclude<QueueView['limits'], false>): QueueLimits {
  return {
    rateLimit: max === false || per === false ? null : { max, per },
    concurrency: concurrency === false ? null : concurrency,
    declaredBy: declaredBy === false ? null : declaredBy,
  };
}

/** The known counters, 0 if the store has none. */
export function pick<T extends object>(zero: T, counted: Record<string, number>): T {
  return Object.fromEntries(Object.keys(zero).map((key) => [key, counted[key] ?? 0])) as T;
}

/** Fields are minute:figure. */
function windowOf(fields: Record<string, number>): StoreStats['window'] {
  const minutes = new Map<number, StoreStats['window'][number]>();
  for (const [field, value] of Object.entries(fields)) {
    const [minute, figure] = field.split(':');
    const key = Number(minute);
    let row = minutes.get(key);
    if (!row) minutes.set(key, (row = { minute: key, completed: 0, failed: 0, durationMs: 0 }));
    if (figure === FIGURE.completed) row.completed = value;
    else if (figure === FIGURE.failed) row.failed = value;
    else row.durationMs = value;
  }
  return [...minutes.values()].sort((a, b) => a.minute - b.minute);
}
