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
  /** Not started: ready, delayed, or waiting for others. */
  waiting: number;
  active: number;
  failed: number;
}

/** One queue as its users use it. A job's handler is `Recorder.handle`. */
export interface Subject {
  /** Starts or resumes claiming. */
  start(): Promise<void>;
  /** Stops claiming and waits for what runs. */
  pause(): Promise<void>;
  /** Pauses the queue for all workers. */
  pauseQueue(): Promise<void>;
  /** @returns the job's id */
  add(job: JobData): Promise<string>;
  /** Adds all in one call. @returns their ids */
  addBulk(jobs: readonly JobData[]): Promise<string[]>;
  /** Adds a graph in one call. */
  addGraph(nodes: readonly JobData[]): Promise<void>;
  /** Creates a schedule that fires every second. */
  putSchedule(schedule: number): Promise<void>;
  /** How many schedules there are. */
  schedules(): Promise<number>;
  /** Cancels a queued job. @returns whether it could be */
  cancel(id: string): Promise<boolean>;
  find(id: string): Promise<JobData | null>;
  counts(): Promise<Counts>;
}

export const SIDES = ['ours', 'bullmq'] as const;
export type Side = (typeof SIDES)[number];
