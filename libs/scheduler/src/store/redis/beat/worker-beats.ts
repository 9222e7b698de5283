import { Worker } from 'node:worker_threads';
import { Logger } from '@nestjs/common';
import { SystemClock, type Clock, type ClockTimer } from '../../../core/clock.js';
import type { ResolvedRedisOptions } from '../connection/redis-options.js';
import type { ScriptLibrary } from '../connection/script-source.js';
// The type only: the thread runs by itself. But for this line, builds that follow imports would leave its file out.
import type { BeatThreadData } from './beat-thread.js';
import { findDriverFile } from './driver-file.js';
import { THREAD_CODE } from './thread-code.js';
import { threadConnection } from './thread-connection.js';

const BEATS_PER_LEASE = 3;
const TURNS_PER_BEAT = 3;
const STALL_LIMIT_MS = 60_000;
/** The thread needs a tenth of that; more would not be noticed for long otherwise. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 2 };

export interface WorkerBeatsSettings {
  connection: ResolvedRedisOptions;
  /** With the script that renews, its key and its first argument. */
  library: ScriptLibrary;
  root: string;
  frame: string;
  /** ms */
  lease: number;
  /** ms for which the event loop may stand still before its runs are given up. Default 60 s, or a lease if that is longer. */
  stallLimit?: number;
}

/**
 * Beats for the workers of this process from a thread with a connection of its own, so that a handler that blocks the
 * event loop loses neither lease nor lock. The thread lives as long as there is a worker to beat for, and keeps no
 * process alive.
 */
export class WorkerBeats {
  readonly #workers = new Set<string>();
  readonly #turns = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  /** When the newest renewal that was acknowledged was sent, ns of the machine's monotonic clock; 0: none was. */
  readonly #renewed = new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT));
  readonly #clock: Clock = new SystemClock();
  readonly #warn: (message: string) => void;
  #thread: Worker | undefined;
  #ticker: ClockTimer | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #isRefused = false;

  constructor(
    private readonly settings: WorkerBeatsSettings,
    warn?: (message: string) => void,
  ) {
    const logger = new Logger('RedisStore');
    this.#warn = warn ?? ((message) => logger.warn(message));
  }

  /** @returns ends it; what is said a second time changes nothing */
  keep(workerId: string): () => void {
    this.#workers.add(workerId);
    this.#start();
    this.#tell();
    return () => {
      if (!this.#workers.delete(workerId)) return;
      if (this.#workers.size === 0) this.#stop();
      else this.#tell();
    };
  }

  /** ms since the newest renewal of the thread that the store has acknowledged was sent; Infinity: there was none. */
  age(): number {
    const renewed = Atomics.load(this.#renewed, 0);
    return renewed === 0n ? Number.POSITIVE_INFINITY : Number(process.hrtime.bigint() - renewed) / 1e6;
  }

  /** Ends the thread, whatever it is about. */
  async close(): Promise<void> {
    this.#workers.clear();
    this.#stop();
    await this.#ended;
  }

  #start(): void {
    if (this.#thread !== undefined || this.#isRefused || THREAD_CODE === null) return;
    const { connection, lease, library, root, frame, stallLimit = Math.max(STALL_LIMIT_MS, lease) } = this.settings;
    const interval = lease / BEATS_PER_LEASE;
    try {
      const found = { connection: threadConnection(connection), driverFile: findDriverFile() };
      const shared = { turns: this.#turns, renewed: this.#renewed };
      const workerData: BeatThreadData = { ...found, ...shared, library, root, frame, interval, stallLimit };
      // Nothing that the process was started with is of use there: hooks and loaders would run once more.
      const options = { workerData, execArgv: [], env: {}, resourceLimits: RESOURCE_LIMITS };
      // A text of ours, not a file: a bundle has none.
      this.#watch(new Worker(THREAD_CODE, { ...options, eval: true, name: 'scheduler-beat' }));
    } catch (error) {
      this.#isRefused = true;
      this.#warn(`no thread beats for this process: ${(error as Error).message}; ${CONSEQUENCE}`);
      return;
    }
    this.#ticker = this.#clock.setRepeating(interval / TURNS_PER_BEAT, () => void Atomics.add(this.#turns, 0, 1));
    this.#ticker.handle?.unref();
  }

  #watch(thread: Worker): void {
    thread.on('message', this.#warn);
    thread.on('error', (error) => this.#warn(`the thread that beats has failed: ${error.message}; ${CONSEQUENCE}`));
    // Only now: a listener keeps the process alive.
    thread.unref();
    this.#thread = thread;
  }

  #tell(): void {
    this.#thread?.postMessage([...this.#workers]);
  }

  #stop(): void {
    this.#ticker?.cancel();
    const thread = this.#thread;
    this.#thread = undefined;
    if (thread !== undefined) this.#ended = Promise.all([this.#ended, thread.terminate()]);
  }
}

const CONSEQUENCE = 'a handler that blocks the event loop for longer than a lease loses its run';
