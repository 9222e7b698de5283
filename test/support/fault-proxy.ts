import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

interface Pair {
  client: Socket;
  upstream: Socket;
  subscribes: boolean;
}

/**
 * A TCP proxy that fails on demand, as networks do. Faults hold for connections that are open and, but for `cut` and
 * `dropNextReply`, for those that come, until `heal`.
 */
export class FaultProxy {
  #pairs = new Set<Pair>();
  #stalled = false;
  #dead = false;
  #refusing = false;
  #latency = 0;
  #dropReplyTo = Buffer.alloc(0);
  #drops = 0;
  #dropped: (() => void) | null = null;
  #holdTexts: Buffer[] = [];
  #onHeld: (() => void) | null = null;
  #held: Buffer | null = null;
  #timers = new Set<NodeJS.Timeout>();
  /** Chunks that wait for their time, by the socket that they go to. */
  readonly #queues = new WeakMap<Socket, Buffer[]>();
  #accepted = 0;
  #harm = 0;
  /** Of the loss that counts: what an earlier one still swallows after `heal` does not. */
  #lossNumber = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (client) => this.#accept(client));
  }

  /** @param target a port of 127.0.0.1 */
  static async start(target: number): Promise<FaultProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FaultProxy(server, target);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Connections so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /**
   * What faults have struck so far: connections cut or refused, and chunks lost, kept back or delayed. A stall counts each
   * direction of a connection in which something waits.
   */
  get harm(): number {
    if (!this.#stalled) return this.#harm;
    const sockets = [...this.#pairs].flatMap(({ client, upstream }) => [client, upstream]);
    return this.#harm + sockets.filter(({ readableLength }) => readableLength > 0).length;
  }

  /** The next connection. */
  async connected(): Promise<void> {
    await once(this.server, 'connection');
  }

  /** Nothing passes; it is delivered when healed. */
  stall(): void {
    this.#stalled = true;
    for (const { client, upstream } of this.#pairs) for (const socket of [client, upstream]) socket.pause();
  }

  /**
   * Half-open: what is sent on the connections there are is lost, and nobody is told. New ones work.
   * @param which only those that have subscribed to something
   */
  killSilently(which?: 'subscribers'): void {
    const number = ++this.#lossNumber;
    const lose = (): void => {
      if (number === this.#lossNumber) this.#harm++;
    };
    for (const { client, upstream, subscribes } of this.#pairs) {
      if (which === 'subscribers' && !subscribes) continue;
      client.removeAllListeners('data').on('data', lose);
      upstream.removeAllListeners('data').on('data', lose);
    }
  }

  /** As `killSilently`, for new connections too: a network that swallows everything. */
  blackhole(): void {
    this.#dead = true;
    this.killSilently();
  }

  /** Closes every connection by a reset. */
  cut(): void {
    for (const { client, upstream } of this.#pairs) {
      this.#harm++;
      client.resetAndDestroy();
      upstream.destroy();
    }
  }

  /** Closes every connection, and those that come, at once. */
  refuse(): void {
    this.#refusing = true;
    this.cut();
  }

  /**
   * The next requests that contain `text` reach the server; the connection is cut when the reply comes.
   * @returns when that has happened `times` times
   */
  dropReplyTo(text: string, times = 1): Promise<void> {
    this.#dropReplyTo = Buffer.from(text);
    this.#drops = times;
    return new Promise((resolve) => (this.#dropped = resolve));
  }

  /**
   * The next request that contains one of `texts` is kept, with what goes with it in one piece, and its connection is cut,
   * so that its sender sends it again or gives it up. `deliverHeld` delivers it.
   * @returns when it is kept
   */
  holdRequest(...texts: string[]): Promise<void> {
    this.#holdTexts = texts.map((text) => Buffer.from(text));
    return new Promise((resolve) => (this.#onHeld = resolve));
  }

  /** Delivers the request that is kept, late, as a network does that was cut off. @returns the server's answer */
  async deliverHeld(): Promise<string> {
    const upstream = connect({ port: this.target, host: '127.0.0.1', noDelay: true });
    upstream.write(this.#held!);
    const [reply] = (await once(upstream, 'data')) as [Buffer];
    upstream.destroy();
    return reply.toString();
  }

  /** Delays every chunk, each way, by ms. */
  slow(ms: number): void {
    this.#latency = ms;
  }

  heal(): void {
    this.#harm = this.harm;
    this.#lossNumber++;
    this.#stalled = this.#dead = this.#refusing = false;
    this.#latency = this.#drops = 0;
    this.#holdTexts = [];
    for (const { client, upstream } of this.#pairs) for (const socket of [client, upstream]) socket.resume();
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const { client, upstream } of this.#pairs) for (const socket of [client, upstream]) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  #accept(client: Socket): void {
    this.#accepted++;
    if (this.#refusing) {
      this.#harm++;
      return void client.resetAndDestroy();
    }
    const upstream = connect({ port: this.target, host: '127.0.0.1', noDelay: true });
    client.setNoDelay(true);
    const pair: Pair = { client, upstream, subscribes: false };
    this.#pairs.add(pair);
    let dropping = false;
    client.on('data', (chunk) => {
      pair.subscribes ||= /\bS?SUBSCRIBE\b/i.test(chunk.toString('latin1'));
      if (this.#holdTexts.some((text) => chunk.includes(text))) {
        this.#holdTexts = [];
        this.#held = chunk;
        this.#harm++;
        client.resetAndDestroy();
        upstream.destroy();
        return this.#onHeld?.();
      }
      if (this.#drops > 0 && chunk.includes(this.#dropReplyTo)) {
        this.#drops--;
        dropping = true;
      }
      this.#pass(chunk, upstream);
    });
    upstream.on('data', (chunk) => {
      if (!dropping) return this.#pass(chunk, client);
      this.#harm++;
      client.resetAndDestroy();
      upstream.destroy();
      if (this.#drops === 0) this.#dropped?.();
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => {
        other.destroy();
        this.#pairs.delete(pair);
      });
    }
    if (this.#stalled) for (const socket of [client, upstream]) socket.pause();
    if (this.#dead) this.killSilently();
  }

  /** In order, as TCP does: a chunk that needs no delay still waits for those before it. */
  #pass(chunk: Buffer, to: Socket): void {
    const queue = this.#queues.get(to) ?? [];
    if (this.#latency === 0 && queue.length === 0) return void to.write(chunk);
    this.#queues.set(to, queue);
    this.#harm++;
    queue.push(chunk);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      to.write(queue.shift()!);
    }, this.#latency);
    this.#timers.add(timer);
  }
}
