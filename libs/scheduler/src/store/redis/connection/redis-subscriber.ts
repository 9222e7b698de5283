import type { Redis } from 'ioredis';
import type { Clock, ClockTimer } from '../../../core/clock.js';
import { StoreUnavailableError } from '../../../core/errors.js';
import { ClientKeeper } from './client-keeper.js';
import { isCluster, openClient, openSlotOwner, type Client } from './open-client.js';
import { judge, toStoreError } from './redis-errors.js';
import type { ResolvedRedisOptions } from './redis-options.js';

/** How often the connection is checked. */
const CHECK_INTERVAL_MS = 5_000;
const BUDGET_MS = 10_000;
const MOVED = 'MOVED';

interface Subscription {
  readonly channels: readonly string[];
  readonly onMessage: (channel: string, message: string) => void;
  readonly onGap: () => void;
  /** Resolves or rejects the call of `subscribe`; undefined once subscribed. */
  opened: ((error?: Error) => void) | undefined;
}

/** Maintains subscriptions over a separate connection, opened with the first and closed with the last. */
export class RedisSubscriber {
  readonly #subscriptions = new Set<Subscription>();
  #keeper: ClientKeeper | undefined;
  #checkTimer: ClockTimer | undefined;
  #isClosed = false;
  #error: Error | undefined;

  constructor(
    private readonly options: ResolvedRedisOptions,
    private readonly commandClient: () => Promise<Client>,
    private readonly clock: Clock,
  ) {}

  async subscribe(
    channels: readonly string[],
    onMessage: Subscription['onMessage'],
    onGap: Subscription['onGap'],
  ): Promise<() => Promise<void>> {
    if (this.#isClosed) throw new StoreUnavailableError('the connection is closed');
    const subscription: Subscription = { channels: [...channels], onMessage, onGap, opened: undefined };
    let timer: ClockTimer | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        subscription.opened = (error) => (error === undefined ? resolve() : reject(error));
        timer = this.clock.setTimer(BUDGET_MS, () =>
          reject(toStoreError(this.#error ?? new Error('not connected'), null)),
        );
        this.#subscriptions.add(subscription);
        this.#start();
        const client = this.#keeper?.ready;
        if (client) void this.#listen(client as Redis, [subscription]);
      });
    } catch (error) {
      await this.#end(subscription);
      throw error;
    } finally {
      timer?.cancel();
    }
    return () => this.#end(subscription);
  }

  close(): void {
    this.#isClosed = true;
    for (const { opened } of this.#subscriptions) opened?.(new StoreUnavailableError('the connection is closed'));
    this.#subscriptions.clear();
    this.#stop();
  }

  #start(): void {
    if (this.#keeper !== undefined) return;
    this.#keeper = new ClientKeeper(() => this.#open(), this.clock, {
      onReady: (client) => this.#onReady(client as Redis),
      onLost: (error) => (this.#error = error),
    });
    this.#keeper.start();
    this.#checkTimer = this.clock.setRepeating(CHECK_INTERVAL_MS, () => this.#checkConnection());
  }

  #stop(): void {
    this.#checkTimer?.cancel();
    this.#keeper?.close();
    this.#keeper = undefined;
  }

  /** In a cluster messages are sharded: only the node that has the slot sends them. */
  async #open(): Promise<Client> {
    const { options } = this;
    if (options.kind === 'standalone' || options.kind === 'sentinel') return openClient(options);
    const client = await this.commandClient();
    const [subscription] = this.#subscriptions;
    return isCluster(client) ? openSlotOwner(client, subscription?.channels[0] ?? '') : openClient(options);
  }

  get #isSharded(): boolean {
    const { options } = this;
    return options.kind === 'cluster' || (options.kind === 'client' && isCluster(options.client));
  }

  #onReady(client: Redis): void {
    client.on(this.#isSharded ? 'smessage' : 'message', (channel: string, message: string) => {
      for (const { channels, onMessage } of this.#subscriptions)
        if (channels.includes(channel)) onMessage(channel, message);
    });
    // The slot has moved to another node.
    client.on('moved', () => void this.#onError(client, new Error(MOVED)));
    void this.#listen(client, [...this.#subscriptions]);
  }

  /** Subscribes, and calls `onGap` of subscriptions that are renewed. */
  async #listen(client: Redis, subscriptions: readonly Subscription[]): Promise<void> {
    const channels = [...new Set(subscriptions.flatMap((each) => each.channels))];
    try {
      await (this.#isSharded ? client.ssubscribe(...channels) : client.subscribe(...channels));
    } catch (error) {
      return this.#onError(client, error as Error);
    }
    this.#keeper?.confirm();
    for (const subscription of subscriptions) {
      const { opened } = subscription;
      subscription.opened = undefined;
      if (opened !== undefined) opened();
      else if (this.#subscriptions.has(subscription)) subscription.onGap();
    }
  }

  /** Replaces a connection that fails; a forbidden subscription rejects its call. */
  async #onError(client: Redis, error: Error): Promise<void> {
    this.#error = error;
    if (error.message.startsWith(MOVED)) await this.#refreshSlots();
    else if (judge(error) === 'refused')
      for (const { opened } of this.#subscriptions) opened?.(toStoreError(error, null));
    this.#keeper?.discard(client, error);
  }

  async #refreshSlots(): Promise<void> {
    const cluster = await this.commandClient();
    if (isCluster(cluster)) await new Promise<void>((resolve) => cluster.refreshSlotsCache(() => resolve()));
  }

  /** Sends a command, since the socket timeout turns a missing reply into a lost connection. */
  #checkConnection(): void {
    const client = this.#keeper?.ready as Redis | null | undefined;
    if (!client) return;
    // In a cluster the slot may have moved: only a new subscription shows it.
    const channels = [...this.#subscriptions].flatMap((each) => each.channels);
    const reply = this.#isSharded ? client.ssubscribe(...channels) : client.ping();
    reply.catch((error: Error) => this.#onError(client, error));
  }

  async #end(subscription: Subscription): Promise<void> {
    if (!this.#subscriptions.delete(subscription)) return;
    if (this.#subscriptions.size === 0) return this.#stop();
    const used = new Set([...this.#subscriptions].flatMap((each) => each.channels));
    const unused = subscription.channels.filter((channel) => !used.has(channel));
    const client = this.#keeper?.ready as Redis | null | undefined;
    if (!client || unused.length === 0) return;
    const ended = this.#isSharded ? client.sunsubscribe(...unused) : client.unsubscribe(...unused);
    await ended.catch(() => undefined);
  }
}
