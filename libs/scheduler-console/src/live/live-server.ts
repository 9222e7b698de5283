import { createServer, type IncomingMessage, type Server as HttpServer } from 'node:http';
import type { Socket as NetSocket } from 'node:net';
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
import type { ConsoleError } from '../console-error.js';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { Redactor } from '../security/redactor.js';
import { servedAt } from '../served-at.js';
import { CONSOLE_OPTIONS, CONSOLE_SCHEDULER } from '../tokens.js';
import { limitMessages, type Connection } from './limit-messages.js';
import { EventFeed, type LiveEvent } from './event-feed.js';
import { LiveClient } from './live-client.js';
import { LiveAuth, type LiveCaller } from './live-auth.js';
import { LivePlaces } from './live-places.js';
import { takeUpgrades } from './upgrades.js';

const MAX_FRAME = 64 * 1024;
/**
 * Characters of one message with events; a larger event is sent alone. Writing it to a hundred clients takes about 10
 * ms.
 */
const MAX_BATCH = 128 * 1024;
/** Interval of deliveries, ms: the events of an interval are one message. */
const DELIVER_EVERY = 100;
/** Interval while a delivery needs several messages, so requests are served in between, ms. */
const CATCH_UP_EVERY = 20;

/** Position of a client: `seq` is the last event that it has received. */
interface Position {
  epoch: string;
  seq: number;
}

/** The live channel: a socket.io server on the app's HTTP server, at `<path>/live`. Protocol: docs/live.md. */
@Injectable()
export class LiveServer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('SchedulerConsole');
  private readonly callers = new WeakMap<IncomingMessage, LiveCaller>();
  private readonly clients = new Set<LiveClient>();
  /** By connection of engine.io: reports that it has joined. */
  private readonly joining = new WeakMap<object, () => void>();
  private readonly places = new LivePlaces();
  private server: Server | null = null;
  private leaveServer: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private takesSnapshot = false;

  constructor(
    @Inject(CONSOLE_OPTIONS) private readonly options: ResolvedConsoleOptions,
    @Inject(CONSOLE_SCHEDULER) private readonly scheduler: AdvancedTaskScheduler,
    private readonly auth: LiveAuth,
    private readonly redactor: Redactor,
    private readonly feed: EventFeed,
    private readonly adapterHost: HttpAdapterHost,
    private readonly config: ApplicationConfig,
  ) {}

  onApplicationBootstrap(): void {
    const http = this.adapterHost.httpAdapter?.getHttpServer() as HttpServer | undefined;
    if (!http) return;
    const path = `${servedAt(this.config, this.options.path)}/live`;
    // On a server that never listens. On the app's server, engine.io would take every request below its path, and Node
    // every upgrade of the app.
    this.server = new Server(createServer(), {
      path,
      transports: ['websocket'],
      serveClient: false,
      maxHttpBufferSize: MAX_FRAME,
      perMessageDeflate: false,
      allowRequest: (request, answer) => {
        const refused = this.rejectionOf(request);
        // engine.io would answer 400, also if only the permission is missing.
        if (refused) request.socket.end(`HTTP/1.1 ${refused}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
        answer(refused, refused === null);
      },
    });
    this.server.engine.on('connection', (connection: Connection) =>
      this.joining.set(connection, limitMessages(connection)),
    );
    this.server.on('connection', (socket) => this.accept(socket));
    this.leaveServer = takeUpgrades(http, (request, socket, head) => this.take(path, request, socket, head));
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearTimeout(this.timer);
    this.leaveServer?.();
    // The app closes its HTTP server itself.
    this.server?.disconnectSockets(true);
    this.server?.engine.close();
    this.server = null;
  }

  private take(path: string, request: IncomingMessage, socket: NetSocket, head: Buffer): boolean {
    const { server } = this;
    const isOurs = request.headers.upgrade?.toLowerCase() === 'websocket' && isAt(path, request.url);
    if (!server || !isOurs) return false;
    // engine.io and Node type the same request differently.
    server.engine.handleUpgrade(request, socket, head);
    return true;
  }

  /** Checks the caller before the upgrade is answered. @returns the status of a rejection, or null */
  private rejectionOf(request: IncomingMessage): string | null {
    try {
      const caller = this.auth.authorize(request);
      if (!this.places.take(caller.principal.name, request.socket)) return '403 Forbidden';
      this.callers.set(request, caller);
      return null;
    } catch (error) {
      return (error as Partial<ConsoleError>).status === 429 ? '429 Too Many Requests' : '403 Forbidden';
    }
  }

  private accept(socket: Socket): void {
    this.joining.get(socket.conn)?.();
    const caller = this.callers.get(socket.request);
    if (!caller) return void socket.disconnect(true);
    const client = new LiveClient(socket, caller, this.feed.seq);
    this.clients.add(client);
    socket.on('disconnect', () => this.clients.delete(client));
    socket.on('resume', (position: unknown) => this.resume(client, position));
    socket.emit('hello', this.position());
    this.timer ??= setTimeout(() => this.tick(), DELIVER_EVERY);
  }

  private resume(client: LiveClient, position: unknown): void {
    if (this.isKnown(position)) [client.cursor, client.lost] = [position.seq, null];
    else client.lost = 'UNKNOWN_POSITION';
  }

  private tick(): void {
    this.timer = undefined;
    // Clients at one position get the same message, encoded once.
    const groups = new Map<string, LiveClient[]>();
    const lost: LiveClient[] = [];
    for (const client of this.clients) {
      if (!this.mayGetMore(client)) continue;
      if (client.lost) lost.push(client);
      else if (client.cursor < this.feed.seq) {
        const key = `${client.cursor} ${client.caller.principal.payloads}`;
        const group = groups.get(key);
        if (group) group.push(client);
        else groups.set(key, [client]);
      }
    }
    for (const group of groups.values()) this.deliver(group);
    if (lost.length > 0 && !this.takesSnapshot) void this.resync(lost);
    if (!this.server || this.clients.size === 0) return;
    const isBehind = [...groups.values()].some(([client]) => client!.cursor < this.feed.seq);
    this.timer = setTimeout(() => this.tick(), isBehind ? CATCH_UP_EVERY : DELIVER_EVERY);
  }

  /** Disconnects clients whose access has ended, and those that do not read. */
  private mayGetMore(client: LiveClient): boolean {
    if (client.caller.validUntil <= Date.now()) {
      client.socket.disconnect(true);
      return false;
    }
    const state = client.refresh();
    if (state === 'stuck') {
      this.logger.warn(`disconnected a client of the live channel that does not read: ${client.caller.principal.name}`);
      client.drop();
    }
    return state === 'ready';
  }

  /** @param group clients at one position, with the same permissions */
  private deliver(group: readonly LiveClient[]): void {
    const [{ cursor, caller }] = group as [LiveClient, ...LiveClient[]];
    const events = this.feed.after(cursor, MAX_BATCH);
    if (typeof events === 'string') {
      for (const client of group) client.lost = events;
      return;
    }
    const ids = group.map(({ socket }) => socket.id);
    this.server?.to(ids).emit('events', this.redacted(events, caller.principal.payloads));
    for (const client of group) client.cursor = events.at(-1)!.seq;
  }

  /** Sends the current state to clients that cannot continue event by event; its position is taken first. */
  private async resync(clients: readonly LiveClient[]): Promise<void> {
    this.takesSnapshot = true;
    const position = this.position();
    try {
      const [health, workers, queues] = await Promise.all([
        this.scheduler.getHealthStatus(),
        this.scheduler.listWorkers(),
        this.scheduler.listQueues(),
      ]);
      for (const client of clients) {
        if (client.lost === null) continue;
        const snapshot = this.redactor.redact({ health, workers, queues }, client.caller.principal.payloads);
        client.socket.emit('resync', { ...position, reason: client.lost, snapshot });
        [client.cursor, client.lost] = [position.seq, null];
      }
    } catch {
      // The store does not respond: the next tick tries again.
    } finally {
      this.takesSnapshot = false;
    }
  }

  private position(): Position {
    return { epoch: this.feed.epoch, seq: this.feed.seq };
  }

  private isKnown(value: unknown): value is Position {
    const { epoch, seq } = (value ?? {}) as Partial<Position>;
    return epoch === this.feed.epoch && Number.isSafeInteger(seq) && seq! >= 0 && seq! <= this.feed.seq;
  }

  private redacted(events: readonly LiveEvent[], payloads: boolean): unknown {
    return events.map(({ seq, name, data }) => ({ seq, name, data: this.redactor.redact(data, payloads) }));
  }
}

/** Whether a request is for the path, with or without a trailing slash. */
function isAt(path: string, url = ''): boolean {
  const [asked] = url.split('?', 1);
  return asked === path || asked === `${path}/`;
}
