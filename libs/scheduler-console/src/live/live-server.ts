import type { IncomingMessage, Server as HttpServer } from 'node:http';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import type { AdvancedTaskScheduler } from 'nestjs-advanced-scheduler';
import { Server, type Socket } from 'socket.io';
import { bearerOf } from '../auth/console-request.js';
import { ConsoleAuthenticator } from '../auth/console-authenticator.js';
import { isOwnOrigin } from '../auth/origin.js';
import type { Principal } from '../auth/principal.js';
import { checkReach } from '../auth/reach.js';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { Redactor } from '../security/redactor.js';
import { servedAt } from '../served-at.js';
import { CONSOLE_OPTIONS, CONSOLE_SCHEDULER } from '../tokens.js';
import { EventFeed, type LiveEvent } from './event-feed.js';

const MAX_CLIENTS = 100;
const MAX_FRAME = 64 * 1024;
const MAX_MESSAGES_PER_SECOND = 10;
/** A client that has left so much unread is sent nothing more until it has read, bytes. */
const MAX_UNREAD = 1024 * 1024;
/** So long; then it is dropped, ms. */
const PATIENCE = 5000;
/** Where a guard of the app's lets callers in, which it may do no more: then a client comes back with a new ticket, ms. */
const GUARDED_FOR = 60_000;
/** Between two deliveries, ms: what happens meanwhile goes as one message. */
const DELIVER_EVERY = 100;

/** Where a client stands: `seq` is of the last event of which it was told. */
interface Position {
  epoch: string;
  seq: number;
}

/**
 * The live channel: a socket.io server on the app's own HTTP server, at `<path>/live`.
 * To the client: `hello` { epoch, seq }, `events` [{ seq, name, data }], `resync` { epoch, seq, reason, snapshot }.
 * From the client: `resume` { epoch, seq }, after a gap or a new connection.
 */
@Injectable()
export class LiveServer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('SchedulerConsole');
  private readonly callers = new WeakMap<IncomingMessage, Principal>();
  private server: Server | null = null;
  private timer: NodeJS.Timeout | undefined;
  private delivered = 0;
  /** Clients that have too much unread, with the last event that they were sent. */
  private readonly behind = new Map<Socket, { seq: number; since: number }>();

  constructor(
    @Inject(CONSOLE_OPTIONS) private readonly options: ResolvedConsoleOptions,
    @Inject(CONSOLE_SCHEDULER) private readonly scheduler: AdvancedTaskScheduler,
    private readonly authenticator: ConsoleAuthenticator,
    private readonly redactor: Redactor,
    private readonly feed: EventFeed,
    private readonly adapterHost: HttpAdapterHost,
    private readonly config: ApplicationConfig,
  ) {}

  onApplicationBootstrap(): void {
    const http = this.adapterHost.httpAdapter?.getHttpServer() as HttpServer | undefined;
    if (!http) return;
    this.server = new Server(http, {
      path: `${servedAt(this.config, this.options.path)}/live`,
      transports: ['websocket'],
      serveClient: false,
      maxHttpBufferSize: MAX_FRAME,
      perMessageDeflate: false,
      // Upgrades of other paths are for others to answer.
      destroyUpgrade: false,
      allowRequest: (request, answer) => {
        const refusal = this.refusalOf(request);
        // It would say 400, to those who ask right but may not.
        if (refusal !== null)
          request.socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
        answer(refusal, refusal === null);
      },
    });
    this.server.on('connection', (socket) => this.welcome(socket));
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    // The HTTP server is the app's to close.
    this.server?.disconnectSockets(true);
    this.server?.engine.close();
    this.server = null;
  }

  /** Before the upgrade is answered: who comes, and from where. */
  private refusalOf(request: IncomingMessage): string | null {
    if (this.server!.engine.clientsCount >= MAX_CLIENTS) return `more than ${MAX_CLIENTS} clients`;
    try {
      checkReach(request, { ...this.options, isProtected: this.authenticator.isProtected });
    } catch (error) {
      return (error as Error).message;
    }
    const { origin } = request.headers;
    const bearer = bearerOf(request.headers);
    if (origin === undefined ? bearer === undefined : !isOwnOrigin(request.headers, this.options.allowedOrigins))
      return 'this origin may not open the live channel';
    const ticket = new URL(request.url ?? '/', 'http://host').searchParams.get('ticket');
    const principal =
      bearer !== undefined || ticket === null
        ? this.authenticator.authenticate(bearer, request.socket.remoteAddress ?? '')
        : this.authenticator.redeemTicket(ticket);
    if (!principal) return 'no valid token or ticket';
    this.callers.set(request, principal);
    return null;
  }

  private welcome(socket: Socket): void {
    const principal = this.callers.get(socket.request);
    if (!principal) return void socket.disconnect(true);
    limitMessages(socket);
    const { auth } = this.options;
    const guarded = typeof auth === 'object' && 'guard' in auth;
    const until = guarded ? performance.now() + GUARDED_FOR : Infinity;
    socket.data = { payloads: principal.payloads, until } satisfies ClientData;
    socket.on('resume', (position: unknown) => void this.resume(socket, position));
    socket.on('disconnect', () => this.behind.delete(socket));
    // All before it has been delivered, or is behind this client.
    this.deliver();
    void socket.join(roomOf(principal.payloads));
    socket.emit('hello', this.position());
    this.timer ??= setTimeout(() => this.tick(), DELIVER_EVERY);
  }

  private tick(): void {
    this.timer = undefined;
    if (!this.server || this.server.engine.clientsCount === 0) return;
    for (const socket of this.server.of('/').sockets.values())
      if ((socket.data as ClientData).until < performance.now()) socket.disconnect(true);
    this.deliver();
    this.timer = setTimeout(() => this.tick(), DELIVER_EVERY);
  }

  /** What happened since the last delivery, to all: encoded once for those who see payloads, once for the others. */
  private deliver(): void {
    const { server, delivered } = this;
    const events = this.feed.after(delivered);
    this.delivered = this.feed.seq;
    if (!server) return;
    this.catchUp(delivered);
    if (events?.length === 0) return;
    for (const socket of server.of('/').sockets.values())
      if (hasMuchUnread(socket)) this.leaveBehind(socket, delivered);
    for (const payloads of [true, false]) {
      const room = server.to(roomOf(payloads));
      if (!server.of('/').adapter.rooms.has(roomOf(payloads))) continue;
      if (events) room.emit('events', this.shown(events, payloads));
      else void this.snapshot(payloads, 'too much has happened').then((resync) => room.emit('resync', resync));
    }
  }

  private leaveBehind(socket: Socket, seq: number): void {
    if (this.behind.has(socket)) return;
    this.behind.set(socket, { seq, since: performance.now() });
    void socket.leave(roomOf(payloadsFor(socket)));
  }

  /** Those behind that have read go on where they were, up to the event `seq`; those that don't are dropped. */
  private catchUp(seq: number): void {
    for (const [socket, place] of this.behind) {
      const late = performance.now() - place.since > PATIENCE;
      const reads = !hasMuchUnread(socket);
      if (socket.connected && !reads && !late) continue;
      this.behind.delete(socket);
      if (!socket.connected) continue;
      if (!reads) {
        this.drop(socket);
        continue;
      }
      void socket.join(roomOf(payloadsFor(socket)));
      void this.send(socket, this.feed.after(place.seq)?.filter((event) => event.seq <= seq) ?? null);
    }
  }

  private drop(socket: Socket): void {
    this.logger.warn(`a client of the live channel does not read, and was dropped: ${socket.handshake.address}`);
    // Not a close, which would wait until all is read.
    webSocketOf(socket)?.terminate();
  }

  private async resume(socket: Socket, position: unknown): Promise<void> {
    this.deliver();
    // It goes on by itself, when it has read.
    if (this.behind.has(socket)) return;
    const known = isPosition(position) && position.epoch === this.feed.epoch;
    await this.send(socket, known ? this.feed.after(position.seq) : null, known ? undefined : 'another epoch');
  }

  /** @param events null: they are not kept any more, or never were its own */
  private async send(socket: Socket, events: LiveEvent[] | null, reason = 'away for too long'): Promise<void> {
    const payloads = payloadsFor(socket);
    if (events) socket.emit('events', this.shown(events, payloads));
    else socket.emit('resync', await this.snapshot(payloads, reason));
  }

  /** The state of the whole, for whoever can't follow event by event; its position is taken first. */
  private async snapshot(payloads: boolean, reason: string): Promise<object> {
    const position = this.position();
    const [health, workers] = await Promise.all([
      this.scheduler.getHealthStatus(),
      this.scheduler.listWorkers().catch(() => []),
    ]);
    return { ...position, reason, snapshot: this.redactor.redact({ health, workers }, payloads) };
  }

  private position(): Position {
    return { epoch: this.feed.epoch, seq: this.feed.seq };
  }

  private shown(events: readonly LiveEvent[], payloads: boolean): unknown {
    return events.map(({ seq, name, data }) => ({ seq, name, data: this.redactor.redact(data, payloads) }));
  }
}

function roomOf(payloads: boolean): string {
  return payloads ? 'all' : 'without payloads';
}

function isPosition(value: unknown): value is Position {
  const { epoch, seq } = (value ?? {}) as Partial<Position>;
  return typeof epoch === 'string' && Number.isSafeInteger(seq);
}

interface ClientData {
  payloads: boolean;
  /** On the clock of performance.now(). */
  until: number;
}

function payloadsFor(socket: Socket): boolean {
  return (socket.data as ClientData).payloads;
}

/** What lies in the WebSocket, and what engine.io holds back until that has gone. */
function hasMuchUnread(socket: Socket): boolean {
  const { writeBuffer } = socket.conn as unknown as { writeBuffer: readonly { data?: string }[] };
  const held = writeBuffer.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
  return (webSocketOf(socket)?.bufferedAmount ?? 0) + held > MAX_UNREAD;
}

/** What socket.io writes to: a WebSocket of the package ws. */
function webSocketOf(socket: Socket): { bufferedAmount: number; terminate(): void } | undefined {
  return (socket.conn.transport as unknown as { socket?: { bufferedAmount: number; terminate(): void } }).socket;
}

/** A client has one thing to ask; one that talks more is dropped. */
function limitMessages(socket: Socket): void {
  let since = 0;
  let count = 0;
  socket.use((_event, next) => {
    const now = performance.now();
    if (now - since > 1000) [since, count] = [now, 0];
    if (++count > MAX_MESSAGES_PER_SECOND) return void socket.disconnect(true);
    next();
  });
}
