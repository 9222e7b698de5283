import { SchedulerError } from '../../../core/errors.js';
import type { Clock, ClockTimer } from '../../../core/clock.js';
import { destroyClient, isCluster, selectDatabase, type Client } from './open-client.js';

/** A client that is neither ready nor failed after this long is thrown away: longer than all its own limits together. */
const OPEN_LIMIT_MS = 7_000;
const FIRST_DELAY_MS = 25;
const MAX_DELAY_MS = 1_000;

export interface KeeperEvents {
  onReady(client: Client): void;
  /** The client is gone, with what was under way on it; the next one is on its way. */
  onLost(error: Error): void;
  /** Why a client could not connect, where its error does not say. */
  explain?: (error: Error) => Promise<Error>;
}

/**
 * Keeps one client connected: opens one, watches it, throws it away whole when it fails, opens the next. Nothing is
 * ever sent again by the client itself.
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

  /** The client that takes commands now, or null. */
  get ready(): Client | null {
    return this.#isReady ? this.#client : null;
  }

  start(): void {
    if (!this.#isClosed && this.#client === null) void this.#open();
  }

  /** Says that the client did what it is for: when it fails, the next one is opened at once. */
  proven(): void {
    this.#failures = 0;
  }

  /** Throws `client` away, if it is still the one in use. */
  lose(client: Client, error: Error): void {
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
    const note = (error: Error): void => {
      // A cluster says that all nodes failed, and keeps for itself why.
      reason = (error as { lastNodeError?: Error }).lastNodeError ?? error;
    };
    // The listeners stay when the client is gone: it may still have something to say.
    client.on('error', note);
    if (isCluster(client)) client.on('node error', note);
    client.on('end', () => this.lose(client, reason ?? new Error('connection closed')));
    this.#timer = this.clock.setTimer(OPEN_LIMIT_MS, () =>
      this.lose(client, reason ?? new Error(`not connected within ${OPEN_LIMIT_MS} ms`)),
    );
    try {
      await client.connect();
      // The client ignores a refusal, and would go on in database 0.
      await selectDatabase(client);
    } catch (error) {
      return this.lose(client, error instanceof SchedulerError ? error : (reason ?? (error as Error)));
    }
    if (client !== this.#client) return;
    this.#timer.cancel();
    this.#isReady = true;
    this.events.onReady(client);
  }

  #retry(error: Error, hadConnected = false): void {
    this.#timer?.cancel();
    const delay = Math.min(FIRST_DELAY_MS * 2 ** this.#failures++, MAX_DELAY_MS);
    // Nodes that lost the same server don't come back in step.
    if (!this.#isClosed) this.#timer = this.clock.setTimer(delay * (0.75 + Math.random() / 2), () => void this.#open());
    const { explain } = this.events;
    if (hadConnected || !explain || error instanceof SchedulerError) this.events.onLost(error);
    else void explain(error).then((clearer) => this.events.onLost(clearer));
  }
}
