import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, type CanActivate } from '@nestjs/common';
import { io, type Socket } from 'socket.io-client';
import { LiveServer } from '../../libs/scheduler-console/src/live/live-server.js';
import { until } from '../redis/fixtures.js';
import { closeConsoles, startConsole, TOKENS } from '../support/console.js';
import { upgradeStatus } from '../support/raw-request.js';

interface LiveEvent {
  seq: number;
  name: string;
  data: { executionId?: string; result?: unknown };
}
interface Position {
  epoch: string;
  seq: number;
}

const [VIEWER, , ADMIN] = TOKENS.map(({ token }) => token) as [string, string, string];

let app: Awaited<ReturnType<typeof startConsole>>;
const sockets: Socket[] = [];

beforeEach(async () => {
  app = await startConsole(
    { add: ({ a, b }: { a: number; b: number }) => a + b, large: () => 'x'.repeat(200_000) },
    { console: { path: 'ops' } },
  );
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  await closeConsoles();
});

function connect(headers: Record<string, string>, ticket?: string): Socket {
  const socket = io(app.url, {
    path: '/ops/live',
    transports: ['websocket'],
    extraHeaders: headers,
    reconnection: false,
    forceNew: true,
    ...(ticket !== undefined && { query: { ticket } }),
  });
  sockets.push(socket);
  return socket;
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** What a client hears, from the position that it is told at first. */
async function follow(headers = bearer(ADMIN)) {
  const socket = connect(headers);
  const events: LiveEvent[] = [];
  const waiting: (() => void)[] = [];
  socket.on('events', (batch: LiveEvent[]) => {
    events.push(...batch);
    for (const look of [...waiting]) look();
  });
  const hello = await new Promise<Position>((resolve, reject) => {
    socket.once('hello', resolve);
    socket.once('connect_error', reject);
  });
  const until = (isSo: (events: readonly LiveEvent[]) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!isSo(events)) return;
        waiting.splice(waiting.indexOf(look), 1);
        resolve();
      };
      waiting.push(look);
      look();
    });
  return { socket, events, hello, until };
}

const completedOf = (events: readonly LiveEvent[]): string[] =>
  events.filter(({ name }) => name === 'scheduler.execution.completed').map(({ data }) => data.executionId!);

const upgrade = (headers: Record<string, string>) => upgradeStatus(app.port, '/ops/live', headers);

describe('the upgrade to the live channel', () => {
  it('is for those with a token, before anything is said', async () => {
    expect(await upgrade(bearer(VIEWER))).toBe(101);
    expect(await upgrade({})).toBe(403);
    expect(await upgrade(bearer('wrong-wrong-wrong-wrong'))).toBe(403);
  });

  it('is refused to pages of other origins, whatever they bring', async () => {
    for (const origin of ['https://evil.example', 'null', `${app.url}.evil.example`])
      expect(await upgrade({ ...bearer(ADMIN), origin })).toBe(403);
    expect(await upgrade({ ...bearer(ADMIN), origin: app.url })).toBe(101);
  });

  it('takes a ticket once, from a page of its own', async () => {
    const ticket = async (): Promise<string> => {
      const { body } = await app.call('viewer', 'post', '/ops/api/live/tickets').expect(201);
      return (body as { ticket: string }).ticket;
    };
    const first = await ticket();
    const hello = (socket: Socket) =>
      new Promise<string>((resolve) => {
        socket.once('hello', () => resolve('hello'));
        socket.once('connect_error', () => resolve('refused'));
      });
    expect(await hello(connect({ origin: app.url }, first))).toBe('hello');
    expect(await hello(connect({ origin: app.url }, first))).toBe('refused');
    expect(await hello(connect({ origin: 'https://evil.example' }, await ticket()))).toBe('refused');
  });
});

it('a client that a guard of the app has let in asks it again after a minute', async () => {
  @Injectable()
  class OpenGuard implements CanActivate {
    canActivate = (): boolean => true;
  }
  app = await startConsole({}, { console: { path: 'ops', auth: { guard: OpenGuard } } });
  const { body } = await app.call(null, 'post', '/ops/api/live/tickets');
  // Of a guard that names nobody: a viewer, who may have a ticket.
  const socket = connect({ origin: app.url }, (body as { ticket: string }).ticket);
  await new Promise<void>((resolve) => socket.once('hello', () => resolve()));
  const gone = new Promise<string>((resolve) => socket.once('disconnect', resolve));
  const [client] = app.app.get(LiveServer, { strict: false })['server']!.of('/').sockets.values();
  const { until } = client!.data as { until: number };
  expect(until - performance.now()).toBeGreaterThan(50_000);
  expect(until - performance.now()).toBeLessThanOrEqual(60_000);
  client!.data.until = 0;
  await gone;
});

describe('the live channel', () => {
  it('tells what happens, numbered without a hole', async () => {
    const { events, hello, until } = await follow();
    const ids = await app.scheduler.scheduleTasks(
      Array.from({ length: 200 }, (_, n) => ({ taskId: 'add', payload: { a: n, b: 1 } })),
    );
    await until((all) => completedOf(all).length === ids.length);
    expect(completedOf(events).sort()).toEqual([...ids].sort());
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => hello.seq + 1 + i));
    expect(events.find(({ name }) => name === 'scheduler.execution.completed')!.data.result).toBeGreaterThan(0);
  });

  it('keeps results from those who may not see payloads', async () => {
    const { events, until } = await follow(bearer(VIEWER));
    await app.scheduler.scheduleTask('add', { payload: { a: 1, b: 2 } });
    await until((all) => completedOf(all).length === 1);
    expect(events.filter(({ data }) => 'result' in data)).toEqual([]);
  });

  it('tells a client that was away what it missed', async () => {
    const first = await follow();
    first.socket.disconnect();
    const id = await app.scheduler.scheduleTask('add', { payload: { a: 1, b: 2 } });
    await app.scheduler.waitForExecution(id);
    const again = await follow();
    again.socket.emit('resume', first.hello);
    await again.until((all) => completedOf(all).includes(id));
    expect(again.events[0]!.seq).toBe(first.hello.seq + 1);
  });

  it.each([
    ['of another process', { epoch: 'another', seq: 0 }],
    ['that is no position', { epoch: 1 }],
  ])('gives a snapshot to a client with a position %s', async (_what, position) => {
    const { socket } = await follow();
    const resync = new Promise<Position & { snapshot: object }>((resolve) => socket.once('resync', resolve));
    socket.emit('resume', position);
    expect(await resync).toMatchObject({
      epoch: expect.any(String),
      seq: expect.any(Number),
      snapshot: { health: { status: 'healthy' }, workers: [expect.objectContaining({ running: 0 })] },
    });
  });

  it('drops a client that sends too much at once', async () => {
    const { socket, hello } = await follow();
    const gone = new Promise<void>((resolve) => socket.once('disconnect', () => resolve()));
    socket.emit('resume', { ...hello, more: 'x'.repeat(65 * 1024) });
    await gone;
  });

  it('drops a client that talks too much', async () => {
    const { socket, hello } = await follow();
    const gone = new Promise<void>((resolve) => socket.once('disconnect', () => resolve()));
    for (let i = 0; i < 50; i++) socket.emit('resume', hello);
    await gone;
  });

  /** A client that has stopped reading while much more has happened than is kept for it; and one that has read it. */
  async function oneThatDoesNotRead() {
    const [slow, other] = [await follow(), await follow()];
    const { transport } = slow.socket.io.engine as unknown as {
      transport: { ws: { _socket: { pause(): void; resume(): void } } };
    };
    const line = transport.ws._socket;
    line.pause();
    const ids = await app.scheduler.scheduleTasks(Array.from({ length: 100 }, () => ({ taskId: 'large' })));
    await other.until((all) => completedOf(all).length === ids.length);
    // What happens next finds the line full.
    await app.scheduler.scheduleTask('add', { payload: { a: 1, b: 1 } });
    await other.until((all) => completedOf(all).length === ids.length + 1);
    return { slow, line, count: ids.length };
  }

  it('drops a client that does not read, and goes on with the others', async () => {
    const { slow, line, count } = await oneThatDoesNotRead();
    const gone = new Promise<void>((resolve) => slow.socket.once('disconnect', () => resolve()));
    const sockets = (): number => app.app.get(LiveServer, { strict: false })['server']!.sockets.sockets.size;
    await until(async () => sockets() === 1);
    line.resume();
    await gone;
    expect(completedOf(slow.events).length).toBeLessThan(count);
  });

  it('lets a client that reads again go on where it was', async () => {
    const { slow, line, count } = await oneThatDoesNotRead();
    line.resume();
    await slow.until((all) => completedOf(all).length === count + 1);
    expect(slow.events.map(({ seq }) => seq)).toEqual(slow.events.map((_, i) => slow.hello.seq + 1 + i));
  });

  it('tells a hundred clients each of every end', async () => {
    const clients = await Promise.all(Array.from({ length: 100 }, () => follow(bearer(VIEWER))));
    await expect(follow()).rejects.toThrow();
    const ids = await app.scheduler.scheduleTasks(
      Array.from({ length: 500 }, () => ({ taskId: 'add', payload: { a: 1, b: 1 } })),
    );
    await Promise.all(clients.map(({ until }) => until((all) => completedOf(all).length === ids.length)));
    for (const { events } of clients) expect(new Set(completedOf(events)).size).toBe(ids.length);
  });
});
