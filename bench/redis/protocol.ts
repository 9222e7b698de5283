import type { KeepBy } from '../options.js';
import type { Counts, Side } from './subject.js';
import type { Sample } from './recorder.js';

/** one: each awaited; concurrent: 100 in flight; bulk: a thousand in a call. */
export type AddMode = 'one' | 'concurrent' | 'bulk';
export type JobKind = 'plain' | 'levels' | 'flows';

export interface Load {
  /** Jobs; of flows the parents and children together. */
  count: number;
  mode: AddMode;
  kind: JobKind;
}

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
  side: Side;
  port: number;
  role: 'producer' | 'worker' | 'both';
  concurrency: number;
  /** Keeps the instant of each start. */
  timed: boolean;
  bullMqKeepBy: KeepBy;
}

/** What a measured process can be asked for. */
export interface ProcessApi {
  open(options: OpenOptions): Promise<void>;
  /** Begins claiming with a clean record. @returns when, and the CPU spent by then */
  start(): Promise<{ at: number; cpuUs: number }>;
  pause(): Promise<void>;
  add(load: Load): Promise<Interval>;
  /** Adds one job, rests for `gap` ms, and so on. */
  probe(count: number, gap: number): Promise<Interval & { probes: Probe[] }>;
  observed(): Promise<Sample>;
  counts(): Promise<Counts>;
  /** CPU spent since the process was started, µs. */
  cpuUs(): Promise<number>;
}

/** Progress is told at each multiple of so many commits, and 20 times a second beside it. */
export const COMMITS_PER_MESSAGE = 500;

export type Call = {
  [K in keyof ProcessApi]: { id: number; name: K; args: Parameters<ProcessApi[K]> };
}[keyof ProcessApi];
export type Reply = { id: number; result: unknown } | { id: number; error: string } | { progress: Progress };
