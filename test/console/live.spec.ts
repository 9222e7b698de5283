import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { SchedulerConsoleOptions } from 'nestjs-advanced-scheduler-console';
import type { Socket } from 'socket.io-client';
import { LiveServer } from '../../libs/scheduler-console/src/live/live-server.js';
import { until } from '../support/until.js';
import { closeConsoles, startConsole, TOKENS } from '../support/console.js';
import { upgradeStatus } from '../support/raw-request.js';
import {
  bearer,
  closeLive,
  completedOf,
  connectLive,
  followLive,
  type LiveEvent,
  type LivePosition,
} from '../support/live.js';

const [VIEWER, , ADMIN] = TOKENS.map(({ token }) => token) as [string, string, string];

let app: Awaited<ReturnType<typeof startConsole>>;

beforeEach(async () => {
  app = await startConsole(
    { add: ({ a, b }: { a: number; b: number }) => a + b, large: () => 'x'.repeat(200_000) },
    { console: { path: 'ops' } },
  );
});
afterEach(async () => {
  closeLive();
  await closeConsoles();
});

const connect = (headers: Record<string, string>, ticket?: string): Socket =>
  connectLive(`${app.url}/ops`, headers, ticket);
const follow = (headers = bearer(ADMIN)) => followLive(`${app.url}/ops`, headers);

const upgrade = (headers: Record<string, string>) => upgradeStatus(app.port, '/ops/live', headers);

describe('the upgrade to the live channel', () => {
  it('requires a token, before any data is sent', async () => {
    expect(await upgrade(bearer(VIEWER))).toBe(101);
    expect(await upgrade({})).toBe(403);
    expect(await upgrade(bearer('wrong-wrong-wrong-wrong'))).toBe(403);
  });

  it('is refused for pages of other origins, whatever their credentials', async () => {
    for (const origin of ['https://evil.example', 'null', `${app.url}.evil.example`])
      expect(await upgrade({ ...bearer(ADMIN), origin })).toBe(403);
    expect(await upgrade({ ...bearer(ADMIN), origin: app.url })).toBe(101);
  });

  it('accepts a ticket once, from its own page', async () => {
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

/** Replaces the app of every test by one with other options. */
async function serveWith(console: SchedulerConsoleOptions): Promise<void> {
  await closeConsoles();
  app = await startConsole({}, { console: { path: 'ops', ...console } });
}

describe('with auth: none', () => {
  it('is refused for a page of a host name that resolves to this machine', async () => {
    await serveWith({ auth: 'none' });
    const { port } = new URL(app.url);
    const from = (host: string) => upgrade({ host, origin: `http://${host}` });
    expect(await from(`evil.example:${port}`)).toBe(403);
    expect(await from(`localhost:${port}`)).toBe(101);
    expect(await from(`127.0.0.1:${port}`)).toBe(101);
  });
});

describe('a client', () => {
  const MINUTE = 60_000;
  afterEach(() => void jest.restoreAllMocks());

  const endOf = (socket: Socket) => new Promise<string>((resolve) => socket.once('disconnect', resolve));

  it('is disconnected when its token expires, and the token is no longer valid', async () => {
    const expires = new Date(Date.now() + 60 * MINUTE);
    const [viewer, , admin] = TOKENS;
    await serveWith({ auth: { tokens: [{ ...viewer, expires }, admin] } });
    const { body } = await app.call('viewer', 'post', '/ops/api/live/tickets').expect(201);
    const [byToken, other] = [await follow(bearer(VIEWER)), await follow()];
    const gone = endOf(byToken.socket);
    jest.spyOn(Date, 'now').mockReturnValue(expires.getTime());
    expect(await gone).toBe('io server disconnect');
    expect(other.socket.connected).toBe(true);
    await app.call('viewer', 'get', '/ops/api/me').expect(401);
    expect(await upgrade(bearer(VIEWER))).toBe(403);
    const late = connect({ origin: app.url }, (body as { ticket: string }).ticket);
    await new Promise((resolve) => late.once('connect_error', resolve));
  });

  it('that a guard of the app has admitted reconnects after a minute', async () => {
    class LetIn {
      canActivate = () => true;
    }
    await serveWith({ auth: { guard: LetIn } });
    const { body } = await app.call(null, 'post', '/ops/api/live/tickets').expect(201);
    const socket = connect({ origin: app.url }, (body as { ticket: string }).ticket);
    await new Promise((resolve) => socket.once('hello', resolve));
    const gone = endOf(socket);
    const now = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(now + MINUTE);
    expect(await gone).toBe('io server disconnect');
  });
});

describe('the live channel', () => {
  it('sends events, numbered without gaps', async () => {
    const { events, hello, until } = await follow();
    const ids = await app.scheduler.scheduleTasks(
      Array.from({ length: 200 }, (_, n) => ({ taskId: 'add', payload: { a: n, b: 1 } })),
    );
    await until((all) => completedOf(all).length === ids.length);
    expect(completedOf(events).sort()).toEqual([...ids].sort());
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, i) => hello.seq + 1 + i));
    expect(events.find(({ name }) => name === 'scheduler.execution.completed')!.data.result).toBeGreaterThan(0);
  });

  it('hides results from clients that may not see payloads', async () => {
    const { events, until } = await follow(bearer(VIEWER));
    await app.scheduler.scheduleTask('add', { payload: { a: 1, b: 2 } });
    await until((all) => completedOf(all).length === 1);
    expect(events.filter(({ data }) => 'result' in data)).toEqual([]);
  });

  it('sends missed events to a client that reconnects', async () => {
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
    ['that is none at all', null],
  ])('sends a snapshot to a client with a position %s', async (_what, position) => {
    const { socket } = await follow();
    const resync = new Promise<LivePosition & { snapshot: object }>((resolve) => socket.once('resync', resolve));
    socket.emit('resume', position);
    expect(await resync).toMatchObject({
      epoch: expect.any(String),
      seq: expect.any(Number),
      reason: 'UNKNOWN_POSITION',
      snapshot: {
        health: { status: 'healthy' },
        workers: [expect.objectContaining({ running: 0 })],
        queues: [expect.objectContaining({ name: 'default', total: 0 })],
      },
    });
  });

  it('disconnects a client that sends too much at once', async () => {
    const { socket, hello } = await follow();
    const gone = new Promise<void>((resolve) => socket.once('disconnect', () => resolve()));
    socket.emit('resume', { ...hello, more: 'x'.repeat(65 * 1024) });
    await gone;
  });

  it('disconnects a client that sends too many messages', async () => {
    const { socket, hello } = await follow();
    const gone = new Promise<void>((resolve) => socket.once('disconnect', () => resolve()));
    for (let i = 0; i < 50; i++) socket.emit('resume', hello);
    await gone;
  });

  it('disconnects a client that sends more than 64 kB at once', async () => {
    const { socket } = await follow();
    const gone = new Promise<void>((resolve) => socket.once('disconnect', () => resolve()));
    socket.emit('resume', 'x'.repeat(65 * 1024));
    await gone;
  });

  it('sends all that is kept in parts to a client that requests it', async () => {
    const ids = await app.scheduler.scheduleTasks(Array.from({ length: 50 }, () => ({ taskId: 'large' })));
    for (const id of ids) await app.scheduler.waitForExecution(id);
    const { socket, events, hello, until } = await follow();
    const sizes: number[] = [];
    socket.on('events', (batch: LiveEvent[]) => sizes.push(JSON.stringify(batch).length));
    socket.emit('resume', { epoch: hello.epoch, seq: 0 });
    await until((all) => all.at(-1)?.seq === hello.seq);
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: hello.seq }, (_, i) => i + 1));
    expect(completedOf(events).sort()).toEqual([...ids].sort());
    expect(Math.max(...sizes)).toBeLessThan(256 * 1024);
  });

  /** A client that has stopped reading while more events were sent than are kept for it; and one that has read them. */
  async function oneThatDoesNotRead() {
    const [slow, other] = [await follow(), await follow()];
    const { transport } = slow.socket.io.engine as unknown as {
      transport: { ws: { _socket: { pause(): void; resume(): void } } };
    };
    const line = transport.ws._socket;
    line.pause();
    const ids = await app.scheduler.scheduleTasks(Array.from({ length: 100 }, () => ({ taskId: 'large' })));
    await other.until((all) => completedOf(all).length === ids.length);
    // The next event finds the buffer full.
    await app.scheduler.scheduleTask('add', { payload: { a: 1, b: 1 } });
    await other.until((all) => completedOf(all).length === ids.length + 1);
    return { slow, line, count: ids.length };
  }

  it('disconnects a client that does not read, and continues with the others', async () => {
    const { slow, line, count } = await oneThatDoesNotRead();
    const gone = new Promise<void>((resolve) => slow.socket.once('disconnect', () => resolve()));
    const sockets = (): number => app.app.get(LiveServer, { strict: false })['server']!.sockets.sockets.size;
    await until(async () => sockets() === 1);
    line.resume();
    await gone;
    expect(completedOf(slow.events).length).toBeLessThan(count);
  });

  it('resumes at the same position when a client reads again', async () => {
    const { slow, line, count } = await oneThatDoesNotRead();
    line.resume();
    await slow.until((all) => completedOf(all).length === count + 1);
    expect(slow.events.map(({ seq }) => seq)).toEqual(slow.events.map((_, i) => slow.hello.seq + 1 + i));
  });

  it('sends every end to a hundred clients, 25 of a caller', async () => {
    const callers = ['a', 'b', 'c', 'd'].map((name) => ({
      token: `${name}-token-0123456789`,
      name,
      role: 'viewer' as const,
    }));
    await closeConsoles();
    const tokens = [...callers, TOKENS[2]];
    app = await startConsole({ add: () => 0 }, { console: { path: 'ops', auth: { tokens } } });
    const clients = await Promise.all(Array.from({ length: 100 }, (_, n) => follow(bearer(callers[n % 4]!.token))));
    await expect(follow()).rejects.toThrow();
    const ids = await app.scheduler.scheduleTasks(Array.from({ length: 500 }, () => ({ taskId: 'add' })));
    await Promise.all(clients.map(({ until }) => until((all) => completedOf(all).length === ids.length)));
    for (const { events } of clients) expect(new Set(completedOf(events)).size).toBe(ids.length);
  });
});
