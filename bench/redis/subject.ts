import type { KeepBy } from '../options.js';
import type { JobData } from './job.js';
import type { Recorder } from './recorder.js';

export interface SubjectOptions {
  port: number;
  /** producer: adds only. */
  role: 'producer' | 'worker' | 'both';
  concurrency: number;
  recorder: Recorder;
  /** Of BullMQ alone, see BenchOptions. */
  bullMqKeepBy: KeepBy;
}

/** Jobs by state, as the subject's own counters have them. */
export interface Counts {
  /** Not started: ready, or waiting for children. */
  waiting: number;
  active: number;
  failed: number;
}

/** One queue as its users use it. A job's handler is an async no-op that tells the recorder its id. */
export interface Subject {
  /** Begins, or goes on, claiming. */
  start(): Promise<void>;
  /** Ends claiming and waits for what runs. */
  pause(): Promise<void>;
  /** @returns the job's id */
  add(data: JobData): Promise<string>;
  /** Adds all in one call. */
  addBulk(data: readonly JobData[]): Promise<void>;
  /** Adds a parent and CHILDREN children that it waits for. */
  addFlow(flow: number): Promise<void>;
  counts(): Promise<Counts>;
}

export const SIDES = ['ours', 'bullmq'] as const;
export type Side = (typeof SIDES)[number];
