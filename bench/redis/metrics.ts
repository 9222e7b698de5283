/** How a metric is written. */
export interface MetricLabel {
  label: string;
  digits: number;
  /** A ratio of it has no meaning. */
  single?: boolean;
}

export const METRICS: Readonly<Record<string, MetricLabel>> = {
  perSecond: { label: 'jobs/s', digits: 0 },
  redisUs: { label: 'Redis CPU, µs/job', digits: 2 },
  nodeUs: { label: 'Node CPU, µs/job', digits: 2 },
  scripts: { label: 'scripts/job', digits: 3 },
  commands: { label: 'commands/job', digits: 2 },
  reads: { label: 'socket reads/job', digits: 3 },
  wireBytes: { label: 'bytes on the wire/job', digits: 0 },
  inversions: { label: 'starts out of order/job', digits: 4, single: true },
  startP50: { label: 'add to start p50, µs', digits: 0 },
  startP99: { label: 'add to start p99, µs', digits: 0 },
  startMax: { label: 'add to start, slowest, µs', digits: 0 },
  lateP50: { label: 'start after it was due p50, ms', digits: 0 },
  lateLast: { label: 'the last start after it was due, ms', digits: 0 },
  missed: { label: 'ticks that did not fire, 0..1', digits: 3, single: true },
  loadedMs: { label: 'start of process to code loaded, ms', digits: 0 },
  readyMs: { label: 'start of process to claiming, ms', digits: 0 },
  firstMs: { label: 'start of process to first job done, ms', digits: 0 },
  addP50: { label: 'add p50, µs', digits: 0 },
  bytes: { label: 'bytes/queued job', digits: 0 },
  commandsPerSecond: { label: 'commands/s', digits: 1 },
  callsPerSecond: { label: 'scripts/s', digits: 2 },
  readsPerSecond: { label: 'socket reads/s', digits: 2 },
  redisUsPerSecond: { label: 'Redis CPU, µs/s', digits: 0 },
  nodeUsPerSecond: { label: 'Node CPU, µs/s', digits: 0 },
  addPerSecond: { label: 'add: jobs/s', digits: 0 },
  addRedisUs: { label: 'add: Redis CPU, µs/job', digits: 2 },
  addNodeUs: { label: 'add: Node CPU, µs/job', digits: 2 },
  processPerSecond: { label: 'process: jobs/s', digits: 0 },
  processRedisUs: { label: 'process: Redis CPU, µs/job', digits: 2 },
  processNodeUs: { label: 'process: Node CPU, µs/job', digits: 2 },
  longestMs: { label: 'longest script, ms', digits: 1 },
  foreign: { label: 'CPU taken by others, 0..1', digits: 2, single: true },
};
