import { SchedulerError } from '../../../core/errors.js';
import type { Clock, ClockTimer } from '../../../core/clock.js';
import { destroyClient, isCluster, selectDatabase, type Client } from './open-client.js';

/** A client that is neither ready nor failed after this time is discarded; longer than the sum of the client's limits. */
const OPEN_LIMIT_MS = 7_000;
const FIRST_DELAY_MS = 25;
const MAX_DELAY_MS = 1_000;

export interface KeeperEvents {
  onReady(client: Client): void;
  /** The client is discarded, with its calls in flight; the next one is being opened. */
  onLost(error: Error): void;
  /** Finds out why a client could not connect, if its error does not say. */
  explain?: (error: Error) => Promise<Error>;
}

/**
 * Keeps one client connected: opens one, watches it, discards it when it fails, opens the next. The client itself never
 * repeats a command.
 */
export class ClientKeeper {
  #client: Client | null = null;
  #isReady = false;
  #isClosed = false;
  #failures = 0;
  #timer: ClockTimer | undefined;

  constructor(
    private readonly open: () => Promise<Client>,
    private readonly clock: Clock,
    private readonly events: KeeperEvents,
  ) {}

  /** The connected client, or null. */
  get ready(): Client | null {
    return this.#isReady ? this.#client : null;
  }

  start(): void {
    if (!this.#isClosed && this.#client === null) void this.#open();
  }

  /** Confirms that the client works: when it fails, the next one is opened without backoff. */
  confirm(): void {
    this.#failures = 0;
  }

  /** Discards `client` if it is still in use. */
  discard(client: Client, error: Error): void {
    if (client !== this.#client) return;
    const hadConnected = this.#isReady;
    this.#client = null;
    this.#isReady = false;
    destroyClient(client);
    this.#retry(error, hadConnected);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    const client = this.#client;
    this.#client = null;
    this.#isReady = false;
    if (client !== null) destroyClient(client);
  }

  async #open(): Promise<void> {
    let client: Client;
    try {
      client = await this.open();
    } catch (error) {
      if (!this.#isClosed) this.#retry(error as Error);
      return;
    }
    if (this.#isClosed || this.#client !== null) return destroyClient(client);
    this.#client = client;
    let reason: Error | undefined;
    const recordReason = (error: Error): void => {
      // A cluster only reports that all nodes failed; the reason is in `lastNodeError`.
      reason = (error as { lastNodeError?: Error }).lastNodeError ?? error;
    };
    // The listeners stay after the client is discarded: it may still emit errors.
    client.on('error', recordReason);
    if (isCluster(client)) client.on('node error', recordReason);
    client.on('end', () => this.discard(client, reason ?? new Error('connection closed')));
    this.#timer = this.clock.setTimer(OPEN_LIMIT_MS, () =>
      this.discard(client, reason ?? new Error(`not connected within ${OPEN_LIMIT_MS} ms`)),
    );
    try {
      await client.connect();
      // The client ignores an error here and would use database 0.
      await selectDatabase(client);
    } catch (error) {
      return this.discard(client, error instanceof SchedulerError ? error : (reason ?? (error as Error)));
    }
    if (client !== this.#client) return;
    this.#timer.cancel();
    this.#isReady = true;
    this.events.onReady(client);
  }

  #retry(error: Error, hadConnected = false): void {
    this.#timer?.cancel();
    const delay = Math.min(FIRST_DELAY_MS * 2 ** this.#failures++, MAX_DELAY_MS);
    // Jitter: nodes that lost the same server do not reconnect together.
    if (!this.#isClosed) this.#timer = this.clock.setTimer(delay * (0.75 + Math.random() / 2), () => void this.#open());
    const { explain } = this.events;
    if (hadConnected || !explain || error instanceof SchedulerError) this.events.onLost(error);
    else void explain(error).then((clearer) => this.events.onLost(clearer));
  }
}
