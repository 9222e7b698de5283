import { Worker } from 'node:worker_threads';
import { Logger } from '@nestjs/common';
import { SystemClock, type Clock, type ClockTimer } from '../../../core/clock.js';
import type { ResolvedRedisOptions } from '../connection/redis-options.js';
import type { ScriptLibrary } from '../connection/script-source.js';
// Only the type is used, but without this import, builds that follow imports would leave the file of the thread out.
import type { RenewalThreadData } from './renewal-thread.js';
import { findDriverFile } from './driver-file.js';
import { THREAD_CODE } from './thread-code.js';
import { threadConnection } from './thread-connection.js';

const RENEWALS_PER_LEASE = 3;
const TURNS_PER_RENEWAL = 3;
const STALL_LIMIT_MS = 60_000;
/** Ten times what the thread needs, to detect leaks early. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 2 };

export interface LeaseRenewerSettings {
  connection: ResolvedRedisOptions;
  /** Contains the script `renew`; its key and its first argument. */
  library: ScriptLibrary;
  root: string;
  context: string;
  /** ms */
  lease: number;
  /** ms that the event loop may be blocked before its worker counts as dead. Default 60 s, or the lease if that is longer. */
  stallLimit?: number;
}

/**
 * Renews the leases of this process's workers from a thread with its own connection, so a handler that blocks the event
 * loop does not lose lease or lock. The thread runs as long as there are workers, and does not keep the process alive.
 */
export class LeaseRenewer {
  readonly #workers = new Set<string>();
  readonly #turns = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  /** When the newest acknowledged renewal was sent, ns of the machine's monotonic clock; 0: there was none. */
  readonly #renewed = new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT));
  readonly #clock: Clock = new SystemClock();
  readonly #warn: (message: string) => void;
  #thread: Worker | undefined;
  #ticker: ClockTimer | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #isUnavailable = false;

  constructor(
    private readonly settings: LeaseRenewerSettings,
    warn?: (message: string) => void,
  ) {
    const logger = new Logger('RedisStore');
    this.#warn = warn ?? ((message) => logger.warn(message));
  }

  /** Renews the lease of a worker from now on. @returns ends it; idempotent */
  keep(workerId: string): () => void {
    this.#workers.add(workerId);
    this.#start();
    this.#sendWorkers();
    return () => {
      if (!this.#workers.delete(workerId)) return;
      if (this.#workers.size === 0) this.#stop();
      else this.#sendWorkers();
    };
  }

  /** ms since the newest acknowledged renewal of the thread was sent; Infinity: there was none. */
  age(): number {
    const renewed = Atomics.load(this.#renewed, 0);
    return renewed === 0n ? Number.POSITIVE_INFINITY : Number(process.hrtime.bigint() - renewed) / 1e6;
  }

  /** Terminates the thread. */
  async close(): Promise<void> {
    this.#workers.clear();
    this.#stop();
    await this.#ended;
  }

  #start(): void {
    if (this.#thread !== undefined || this.#isUnavailable || THREAD_CODE === null) return;
    const { connection, lease, library, root, context, stallLimit = Math.max(STALL_LIMIT_MS, lease) } = this.settings;
    const interval = lease / RENEWALS_PER_LEASE;
    try {
      const resolved = { connection: threadConnection(connection), driverFile: findDriverFile() };
      const shared = { turns: this.#turns, renewed: this.#renewed };
      const workerData: RenewalThreadData = { ...resolved, ...shared, library, root, context, interval, stallLimit };
      // Without the options of the process, whose hooks and loaders would run again.
      const options = { workerData, execArgv: [], env: {}, resourceLimits: RESOURCE_LIMITS };
      // Text, since a bundle has no file for it.
      this.#watch(new Worker(THREAD_CODE, { ...options, eval: true, name: 'scheduler-beat' }));
    } catch (error) {
      this.#isUnavailable = true;
      this.#warn(`cannot start the thread that renews leases: ${(error as Error).message}; ${CONSEQUENCE}`);
      return;
    }
    this.#ticker = this.#clock.setRepeating(interval / TURNS_PER_RENEWAL, () => void Atomics.add(this.#turns, 0, 1));
    this.#ticker.handle?.unref();
  }

  #watch(thread: Worker): void {
    thread.on('message', this.#warn);
    thread.on('error', (error) =>
      this.#warn(`the thread that renews leases has failed: ${error.message}; ${CONSEQUENCE}`),
    );
    // After the listeners: each would keep the process alive.
    thread.unref();
    this.#thread = thread;
  }

  #sendWorkers(): void {
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
