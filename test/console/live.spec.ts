import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { once } from 'node:events';
import { io, type Socket } from 'socket.io-client';
import { ConsoleAuthenticator } from '../../libs/scheduler-console/src/auth/console-authenticator.js';
import { LiveChannel } from '../../libs/scheduler-console/src/live/live-channel.js';
import { gate } from '../support/app.js';
import { closeConsoles, startConsole, TOKENS, type Platform, type Role } from '../support/console.js';

const sockets: Socket[] = [];
afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  await closeConsoles();
});

interface Seen {
  seq: number;
  name: string;
  data: any;
}
const TERMINAL = /\.(completed|failed|cancelled|skipped)$/;
const bearer = (role: Role): string => `Bearer ${TOKENS.find((token) => token.role === role)!.token}`;

/** A client that keeps what it is sent, and tells of it. */
function open(url: string, role: Role | null, options: { query?: object; headers?: object } = {}) {
  const socket = io(url, {
    path: '/ops/live',
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    query: { ...options.query },
    extraHeaders: { ...(role && { authorization: bearer(role) }), ...options.headers },
  });
  sockets.push(socket);
  const seen: Seen[] = [];
  const waiting: { holds: () => boolean; done: () => void }[] = [];
  const told = (): void => waiting.forEach(({ holds, done }) => holds() && done());
  socket.on('event', (event: Seen) => {
    seen.push(event);
    told();
  });
  const hello = new Promise<{ epoch: string; seq: number }>((resolve) => socket.once('hello', resolve));
  const resync = new Promise<any>((resolve) => socket.once('resync', resolve));
  const closed = new Promise<string>((resolve) => socket.once('disconnect', resolve));
  const until = (holds: () => boolean): Promise<void> =>
    holds() ? Promise.resolve() : new Promise((done) => waiting.push({ holds, done }));
  return { socket, seen, hello, resync, closed, until };
}

/** The status line that an upgrade is answered with. */
async function upgrade(port: number, path: string, headers: Record<string, string>): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const lines = Object.entries({ Host: `127.0.0.1:${port}`, ...headers }).map(([name, value]) => `${name}: ${value}`);
  socket.write(
    `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  const [data] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return data.toString().split('\r\n')[0]!;
}

describe.each<Platform>(['express', 'fastify'])('the live channel on %s', (platform) => {
  let started: Awaited<ReturnType<typeof startConsole>>;
  beforeAll(async () => {
    started = await startConsole(
      { echo: (payload) => payload, held: gate },
      { platform, console: { path: 'ops', allowedOrigins: ['https://ops.example.org'] } },
    );
  });
  const run = async (count: number, payload: unknown = null): Promise<string[]> => {
    const requests = Array.from({ length: count }, () => ({ taskId: 'echo', payload }));
    const ids = await started.scheduler.scheduleTasks(requests as never);
    await Promise.all(ids.map((id) => started.scheduler.waitForExecution(id)));
    return ids;
  };

  it('answers an upgrade by its origin and its token', async () => {
    const path = '/ops/live/?EIO=4&transport=websocket';
    const authorization = bearer('viewer');
    const own = `http://127.0.0.1:${started.port}`;
    const table: [Record<string, string>, string][] = [
      [{ Origin: 'https://evil.example', authorization }, '403 Forbidden'],
      [{ Origin: 'null', authorization }, '403 Forbidden'],
      [{ Cookie: 'session=valid' }, '403 Forbidden'],
      [{ Origin: own }, '401 Unauthorized'],
      [{ Origin: own, authorization: 'Bearer wrong-token-0123456789' }, '401 Unauthorized'],
      [{ authorization }, '101 Switching Protocols'],
      [{ Origin: own, authorization }, '101 Switching Protocols'],
      [{ Origin: 'https://ops.example.org', authorization }, '101 Switching Protocols'],
    ];
    for (const [headers, status] of table)
      expect([headers, await upgrade(started.port, path, headers)]).toEqual([headers, `HTTP/1.1 ${status}`]);
  });

  it('takes a ticket once, and only from an origin', async () => {
    const { body } = await started.call('viewer', 'post', '/ops/api/live/tickets').expect(201);
    const path = `/ops/live/?EIO=4&transport=websocket&ticket=${body.ticket}`;
    const Origin = `http://127.0.0.1:${started.port}`;
    expect(await upgrade(started.port, path, {})).toContain('403');
    expect(await upgrade(started.port, path, { Origin })).toContain('101');
    expect(await upgrade(started.port, path, { Origin })).toContain('401');
  });

  it('sends every event in order without a hole, and again what was missed', async () => {
    const first = open(started.url, 'operator');
    const { epoch, seq } = await first.hello;
    const ids = await run(100, { n: 1 });
    const ends = (seen: Seen[]): Seen[] => seen.filter(({ name }) => name === 'scheduler.execution.completed');
    await first.until(() => ends(first.seen).length === ids.length);
    expect(first.seen.map((event) => event.seq)).toEqual(first.seen.map((_, index) => seq + 1 + index));
    expect(ends(first.seen)[0]!.data).toMatchObject({ taskId: 'echo', status: 'COMPLETED', result: { n: 1 } });
    first.socket.disconnect();

    const missed = await run(50);
    const second = open(started.url, 'operator');
    await second.hello;
    const last = first.seen.at(-1)!.seq;
    second.socket.emit('resume', { epoch, seq: last });
    await second.until(() => ends(second.seen).length === missed.length);
    expect(second.seen.map((event) => event.seq)).toEqual(second.seen.map((_, index) => last + 1 + index));
    expect(new Set(ends(second.seen).map(({ data }) => data.executionId))).toEqual(new Set(missed));
    second.socket.disconnect();
  });

  it('keeps results from those who may not see them, and secrets from all', async () => {
    const [viewer, operator] = [open(started.url, 'viewer'), open(started.url, 'operator')];
    await Promise.all([viewer.hello, operator.hello]);
    const [id] = await run(1, { password: 'canary-1', n: 'canary-2' });
    const end = ({ seen }: typeof viewer): Seen | undefined =>
      seen.find(({ name, data }) => TERMINAL.test(name) && data.executionId === id);
    await Promise.all([viewer, operator].map((client) => client.until(() => end(client) !== undefined)));
    expect(end(operator)!.data.result).toEqual({ password: '[redacted]', n: 'canary-2' });
    expect(JSON.stringify(viewer.seen)).not.toContain('canary');
    expect(JSON.stringify(operator.seen)).not.toContain('canary-1');
    viewer.socket.disconnect();
    operator.socket.disconnect();
  });

  it('sends a snapshot where what was missed is gone', async () => {
    for (const resume of [{ epoch: 'another', seq: 0 }, { seq: -1 }, null, 'x']) {
      const client = open(started.url, 'viewer');
      const { epoch, seq } = await client.hello;
      client.socket.emit(
        'resume',
        typeof resume === 'object' && resume && !resume.epoch ? { epoch, ...resume } : resume,
      );
      const snapshot = await client.resync;
      expect(snapshot).toMatchObject({ epoch, reason: expect.stringMatching(/EPOCH_CHANGED|RING_PASSED/) });
      expect(snapshot.seq).toBeGreaterThanOrEqual(seq);
      expect(snapshot.snapshot).toMatchObject({ health: { status: 'healthy' }, workers: [{ state: 'active' }] });
      expect(snapshot.snapshot.queues[0]).toMatchObject({ name: 'default', paused: false, total: expect.any(Number) });
      client.socket.disconnect();
    }
  });

  it('ends a client that talks too much, sends too large a frame, or whose token no longer holds', async () => {
    const talker = open(started.url, 'viewer');
    await talker.hello;
    for (let i = 0; i < 12; i++) talker.socket.emit('noise', i);
    await talker.closed;
    const large = open(started.url, 'viewer');
    await large.hello;
    large.socket.emit('noise', 'x'.repeat(70_000));
    await large.closed;

    const former = open(started.url, 'viewer');
    await former.hello;
    const authenticator = started.app.get(ConsoleAuthenticator, { strict: false });
    const real = authenticator.authenticate.bind(authenticator);
    authenticator.authenticate = () => null;
    started.app.get(LiveChannel, { strict: false }).dismissInvalid(Date.now());
    await former.closed;
    authenticator.authenticate = real;
  });

  it('shows each of 100 clients every end, and lets no more in', async () => {
    const clients = Array.from({ length: 100 }, () => open(started.url, 'viewer'));
    await Promise.all(clients.map(({ hello }) => hello));
    const path = '/ops/live/?EIO=4&transport=websocket';
    expect(await upgrade(started.port, path, { authorization: bearer('viewer') })).toContain('503');
    const ids = await run(300);
    const ends = ({ seen }: (typeof clients)[number]): Seen[] => seen.filter(({ name }) => TERMINAL.test(name));
    await Promise.all(clients.map((client) => client.until(() => ends(client).length >= ids.length)));
    for (const client of clients)
      expect(new Set(ends(client).map(({ data }) => data.executionId))).toEqual(new Set(ids));
    for (const { socket } of clients) socket.disconnect();
  });
});
