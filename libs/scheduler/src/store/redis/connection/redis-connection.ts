import { Logger } from '@nestjs/common';
import { SystemClock, type Clock } from '../../../core/clock.js';
import { SchedulerError, StoreLoadingError, StoreUnavailableError } from '../../../core/errors.js';
import { endpointsOf } from './addresses.js';
import { diagnose } from './diagnose.js';
import { deleteOldLibraries } from './old-libraries.js';
import { isCluster, loadDriver, openClient } from './open-client.js';
import { preflight, type RightsProbe, type ServerFacts } from './preflight.js';
import { isForbidden, toStoreError } from './redis-errors.js';
import type { ResolvedRedisOptions } from './redis-options.js';
import { RedisSubscriber } from './redis-subscriber.js';
import { scriptCommandOf, type ScriptArgument, type ScriptCommandClass } from './script-command.js';
import { ScriptRunner, type FollowUp, type RunOptions } from './script-runner.js';
import type { ScriptLibrary } from './script-source.js';

export type { FollowUp, RunOptions, ScriptArgument, ScriptLibrary };

export interface RedisConnectionHooks {
  /** Default: the machine's, even with a test clock: network time is real time. */
  clock?: Clock;
  /** Default: Nest's logger. */
  warn?: (message: string) => void;
  /** A key and a channel of the store, for which the user's rights are checked. Default: no check. */
  probe?: RightsProbe;
  /** The store's time at the start of the first argument of each call, see `stampOf`. Default: calls have no stamp. */
  instant?: () => string;
  /** See `ScriptRunner`. Only if calls have a stamp. */
  onLate?: (now: number) => FollowUp | null;
}

const CONNECT_BUDGET_MS = 10_000;
const CHECK_RETRY_MS = 100;
const CLOSE_CAP_MS = 1_000;
const LIBRARY_CHECK_MS = 3_600_000;

/**
 * The store's connection to Redis, for an unreliable network: every call ends, none runs twice unless it is idempotent, and
 * an error says whether the call may have run.
 */
export class RedisConnection {
  /** Whether messages are published with SPUBLISH, as in a cluster. */
  readonly sharded: boolean;
  readonly #runner: ScriptRunner;
  readonly #subscriber: RedisSubscriber;
  readonly #warn: (message: string) => void;
  readonly #clock: Clock;
  #commandClass: ScriptCommandClass | undefined;
  #server: ServerFacts | undefined;
  #libraryCheckAt = 0;

  constructor(
    private readonly options: ResolvedRedisOptions,
    private readonly library: ScriptLibrary,
    private readonly hooks: RedisConnectionHooks = {},
  ) {
    const clock = (this.#clock = hooks.clock ?? new SystemClock());
    const logger = new Logger('RedisStore');
    this.#warn = hooks.warn ?? ((message) => logger.warn(message));
    this.sharded = options.kind === 'cluster' || (options.kind === 'client' && isCluster(options.client));
    this.#runner = new ScriptRunner(
      () => openClient(options),
      () => this.#commandClass!,
      library,
      clock,
      hooks.instant ?? null,
      (error) => diagnose(error, endpointsOf(options)),
      (reason) => this.#warn(`functions cannot be used on this server, scripts are sent instead: ${reason}`),
      hooks.onLate,
    );
    this.#subscriber = new RedisSubscriber(options, () => this.#runner.client(), clock);
  }

  /** The facts that `connect` found out about the server. */
  get server(): ServerFacts | undefined {
    return this.#server;
  }

  /** Whether a call would be sent at once. */
  get isReady(): boolean {
    return this.#runner.isReady;
  }

  /**
   * Opens the connection and checks the server.
   * @throws MissingDependencyError, StoreAccessError, StoreTlsError, StoreTlsMismatchError, StoreVersionError,
   *   StorePolicyError, StoreReadonlyError at once
   * @throws StoreUnavailableError, StoreLoadingError if it accepts no commands within 10 s
   */
  async connect(): Promise<void> {
    const until = this.#clock.monotonic() + CONNECT_BUDGET_MS;
    try {
      this.#commandClass = scriptCommandOf((await loadDriver()).Command);
      this.#runner.start();
      while (this.#server === undefined) this.#server = await this.#checkServer(until);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /**
   * Runs a script with one key. Without a reply it is repeated, at most three times, unless that is forbidden or it is a read
   * that may have blocked the server. Without a connection it waits for the next one. All of this within 10 s of the call.
   * @throws StoreUnavailableError, StoreFullError, StoreReadonlyError, StoreLoadingError, StoreAccessError: it did not run
   * @throws StoreScriptError: the script failed
   * @throws OutcomeUnknownError: it may have run
   */
  run(script: string, key: string, args: readonly ScriptArgument[], options?: RunOptions): Promise<unknown> {
    return this.#runner.run(script, key, args, options?.repeatable !== false, options?.age);
  }

  /**
   * Subscribes to channels, over a separate connection. `onGap` is called after each reconnect, since messages may have been
   * lost. In a cluster all channels of a connection are in one slot.
   * @returns ends the subscription
   */
  subscribe(
    channels: readonly string[],
    onMessage: (channel: string, message: string) => void,
    onGap: () => void,
  ): Promise<() => Promise<void>> {
    return this.#subscriber.subscribe(channels, onMessage, onGap);
  }

  /**
   * Deletes libraries of releases that no longer run, at most once an hour; if that is forbidden, only one attempt is made.
   */
  async deleteOldLibraries(): Promise<void> {
    const now = this.#clock.monotonic();
    if (now < this.#libraryCheckAt) return;
    this.#libraryCheckAt = now + LIBRARY_CHECK_MS;
    try {
      await deleteOldLibraries(await this.#runner.client(), this.library.name);
    } catch (error) {
      if (isForbidden(error)) this.#libraryCheckAt = Number.POSITIVE_INFINITY;
    }
  }

  /** Rejects new calls, waits at most 1 s for those in flight, and closes everything. */
  async close(): Promise<void> {
    this.#subscriber.close();
    await this.#runner.close(CLOSE_CAP_MS);
  }

  /** @returns undefined: the server is not ready, and there is time for another check */
  async #checkServer(until: number): Promise<ServerFacts | undefined> {
    const client = await this.#runner.client();
    try {
      return await preflight(client, {
        library: this.library.text,
        allowEviction: this.options.allowEviction,
        warn: this.#warn,
        probe: this.hooks.probe ?? null,
      });
    } catch (error) {
      const typed = error instanceof SchedulerError ? error : toStoreError(error as Error, null);
      const isTransient = typed instanceof StoreLoadingError || typed instanceof StoreUnavailableError;
      if (!isTransient || this.#clock.monotonic() > until) throw typed;
      await new Promise<void>((resolve) => this.#clock.setTimer(CHECK_RETRY_MS, resolve));
      return undefined;
    }
  }
}
