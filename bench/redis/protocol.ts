import type { KeepBy } from '../options.js';
import type { Work } from './job.js';
import type { Sample } from './recorder.js';
import type { Counts } from './subject.js';
import type { SubjectName } from './subjects.js';

/** one: each awaited; concurrent: 100 in flight; bulk: a thousand in a call. */
export type AddMode = 'one' | 'concurrent' | 'bulk';

export interface Load extends Work {
  /** Jobs; of graphs the nodes of all together. */
  count: number;
  mode: AddMode;
  /** Keeps the ids for `each`. */
  keepIds?: boolean;
}

/** What can be done to each added job. */
export type Action = 'cancel' | 'find';

/** Instants of the machine's monotonic clock in ms, and what the process spent of CPU. */
export interface Interval {
  begun: number;
  ended: number;
  cpuUs: number;
}

/** One add to an idle queue. */
export interface Probe {
  id: string;
  called: number;
  returned: number;
}

/** How far a worker is. `cpuUs` is what the process has spent since it was started. */
export interface Progress {
  committed: number;
  lastCommit: number;
  cpuUs: number;
}

export interface OpenOptions {
  subject: SubjectName;
  port: number;
  role: 'producer' | 'worker' | 'both';
  concurrency: number;
  /** Keeps the instant of each start. */
  timed: boolean;
  bullMqKeepBy: KeepBy;
}

/** Instants of the machine's monotonic clock in ms. */
export interface Boot {
  /** The process was started. */
  started: number;
  /** The code of the subject is loaded. */
  loaded: number;
}

/** What a measured process can be asked for. */
export interface ProcessApi {
  open(options: OpenOptions): Promise<Boot>;
  /** Begins claiming with a clean record. @returns when, when it had begun, and the CPU spent by then */
  start(): Promise<{ at: number; claiming: number; cpuUs: number }>;
  pause(): Promise<void>;
  pauseQueue(): Promise<void>;
  add(load: Load): Promise<Interval>;
  /** Creates so many schedules, 50 in flight. @param from number of the first */
  putSchedules(from: number, count: number): Promise<Interval>;
  schedules(): Promise<number>;
  /** Does it to all jobs of kept ids, 100 in flight, and forgets these. @throws Error if it fails for one */
  each(action: Action): Promise<Interval>;
  /** Adds one job, rests for `gap` ms, and so on. */
  probe(count: number, gap: number): Promise<Interval & { probes: Probe[] }>;
  observed(): Promise<Sample>;
  counts(): Promise<Counts>;
  /** CPU spent since the process was started, µs. */
  cpuUs(): Promise<number>;
}

/** Progress is sent at each multiple of so many commits, and also 20 times a second. */
export const COMMITS_PER_MESSAGE = 500;

export type Call = {
  [K in keyof ProcessApi]: { id: number; name: K; args: Parameters<ProcessApi[K]> };
}[keyof ProcessApi];
export type Reply = { id: number; result: unknown } | { id: number; error: string } | { progress: Progress };
