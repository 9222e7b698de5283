import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { AdvancedTaskScheduler, SchedulerEventMap, SchedulerEventName } from 'nestjs-advanced-scheduler';
import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { Server, type Socket } from 'socket.io';
import { ALL_EVENTS, OnEvents, type EventListener } from '../on-events.js';
import type { ResolvedConsoleOptions } from '../resolve-options.js';
import { Redactor } from '../security/redactor.js';
import { CONSOLE_OPTIONS, CONSOLE_SCHEDULER } from '../tokens.js';
import { EventRing } from './event-ring.js';
import { LiveClient } from './live-client.js';
import { LiveGate, RECHECK_MS, type Session } from './live-gate.js';
import { MessageBudget } from './message-budget.js';
import { takeSnapshot } from './snapshot.js';

export const MAX_CLIENTS = 100;
const MAX_FRAME = 65_536;
const CONNECT_MS = 5000;
const REASONS = { 401: 'Unauthorized', 403: 'Forbidden', 503: 'Service Unavailable' } as const;

/** Sends the events of the scheduler, on all nodes, to those who watch. See docs/live.md. */
@Injectable()
@OnEvents(ALL_EVENTS)
export class LiveChannel implements OnApplicationBootstrap, BeforeApplicationShutdown, EventListener {
  private readonly logger = new Logger('SchedulerConsole');
  private readonly sessions = new WeakMap<IncomingMessage, Session>();
  private readonly clients = new Map<string, LiveClient>();
  private readonly ring: EventRing;
  private readonly name: string;
  private server: Server | null = null;
  private recheck: NodeJS.Timeout | undefined;
  private pumping = false;

  constructor(
    private readonly http: HttpAdapterHost,
    @Inject(CONSOLE_OPTIONS) private readonly options: ResolvedConsoleOptions,
    @Inject(CONSOLE_SCHEDULER) private readonly scheduler: AdvancedTaskScheduler,
    private readonly gate: LiveGate,
    private readonly redactor: Redactor,
  ) {
    this.ring = new EventRing(redactor);
    this.name = options.scheduler || 'default';
  }

  onApplicationBootstrap(): void {
    const http = this.http.httpAdapter?.getHttpServer() as HttpServer | undefined;
    // An application context serves nobody.
    if (!http) return;
    this.server = new Server(http, {
      path: `${this.options.path}/live`,
      transports: ['websocket'],
      serveClient: false,
      maxHttpBufferSize: MAX_FRAME,
      connectTimeout: CONNECT_MS,
      perMessageDeflate: false,
      allowRequest: (request, answer) => this.admit(request, answer),
    });
    this.server.on('connection', (socket) => this.welcome(socket));
    this.recheck = setInterval(() => this.dismissInvalid(Date.now()), RECHECK_MS).unref();
  }

  /** Leaves the HTTP server to the app, and ends the sockets, which would keep it open. */
  beforeApplicationShutdown(): void {
    clearInterval(this.recheck);
    for (const { socket } of this.clients.values()) socket.disconnect(true);
    this.server?.engine.close();
    this.server = null;
  }

  onEvent(name: SchedulerEventName, event: SchedulerEventMap[SchedulerEventName]): void {
    if (event.scheduler !== this.name) return;
    this.ring.push(name, event);
    if (this.pumping || this.clients.size === 0) return;
    // Once a turn of the loop: a batch of events is one round through the clients.
    this.pumping = true;
    setImmediate(() => {
      this.pumping = false;
      for (const client of this.clients.values()) client.pump();
    });
  }

  /** Closes sockets whose token no longer holds. */
  dismissInvalid(now: number): void {
    for (const { socket, session } of this.clients.values()) if (!session.isValid(now)) socket.disconnect(true);
  }

  private admit(request: IncomingMessage, answer: (error: string | null | undefined, ok: boolean) => void): void {
    const decision = this.clients.size >= MAX_CLIENTS ? { status: 503 as const } : this.gate.decide(request);
    if ('session' in decision) {
      this.sessions.set(request, decision.session);
      answer(null, true);
      return;
    }
    // engine.io says 400 to every upgrade that it refuses.
    const { status } = decision;
    if (request.headers.upgrade)
      request.socket.end(`HTTP/1.1 ${status} ${REASONS[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    else answer(REASONS[status], false);
  }

  private welcome(socket: Socket): void {
    const session = this.sessions.get(socket.request);
    if (!session || this.clients.size >= MAX_CLIENTS) {
      socket.disconnect(true);
      return;
    }
    const client = new LiveClient(socket, session, this.ring, this.ring.head, (passed, isSlow) => {
      if (isSlow) this.drop(passed);
      else void this.resync(passed, 'RING_PASSED');
    });
    const budget = new MessageBudget();
    this.clients.set(socket.id, client);
    socket.conn.on('packet', ({ type }: { type: string }) => {
      if (type === 'message' && !budget.take(Date.now())) socket.disconnect(true);
    });
    socket.on('disconnect', () => this.clients.delete(socket.id));
    socket.on('resume', (from: unknown) => this.resume(client, from));
    socket.emit('hello', { epoch: this.ring.epoch, seq: this.ring.head });
  }

  private resume(client: LiveClient, from: unknown): void {
    const { epoch, seq } = (typeof from === 'object' && from !== null ? from : {}) as Record<string, unknown>;
    if (epoch !== this.ring.epoch) void this.resync(client, 'EPOCH_CHANGED');
    else if (typeof seq !== 'number' || !this.ring.reaches(seq)) void this.resync(client, 'RING_PASSED');
    else client.moveTo(seq);
  }

  private async resync(client: LiveClient, reason: 'EPOCH_CHANGED' | 'RING_PASSED'): Promise<void> {
    client.hold();
    const seq = this.ring.head;
    try {
      const snapshot = this.redactor.redact(await takeSnapshot(this.scheduler), client.session.principal.payloads);
      client.socket.emit('resync', { epoch: this.ring.epoch, seq, reason, snapshot });
      client.moveTo(seq);
    } catch {
      // The store does not answer; the client comes back by itself.
      client.socket.disconnect(true);
    }
  }

  private drop({ socket, session }: LiveClient): void {
    this.logger.warn(`a client of the live channel was too slow and is dropped (${session.principal.name})`);
    socket.disconnect(true);
  }
}
