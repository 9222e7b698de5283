import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { closeConsoles, startConsole, TOKENS, type Platform } from '../support/console.js';
import { upgradeStatus } from '../support/raw-request.js';
import { RawWebSocket } from '../support/raw-web-socket.js';

afterEach(closeConsoles);

const VIEWER = { authorization: `Bearer ${TOKENS[0].token}` };
const OPERATOR = { authorization: `Bearer ${TOKENS[1].token}` };
const open: RawWebSocket[] = [];
afterEach(() => open.splice(0).forEach(({ socket }) => socket.destroy()));

async function connect(port: number, headers: Record<string, string>, query = ''): Promise<RawWebSocket> {
  const client = await RawWebSocket.connect(port, `/live/?EIO=4&transport=websocket${query}`, headers);
  open.push(client);
  return client;
}

/** A connection error is not a failure of the test. */
const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()));

const FILL = 'x'.repeat(60_000);
/** Messages of engine.io and socket.io: an event, an unknown namespace, one in binary, a heartbeat. */
const FLOODS: [string, (client: RawWebSocket, n: number) => void, joins: boolean][] = [
  ['before it has joined', (client, n) => client.send(`40/unknown-${n}-${FILL},`), false],
  ['for unknown namespaces', (client, n) => client.send(`40/unknown-${n}-${FILL},`), true],
  ['of events', (client) => client.send(`42["resume","${FILL}"]`), true],
  [
    'of parts in binary',
    (client, n) => client.send(n ? Buffer.alloc(60_000) : '459-["a",{"_placeholder":true,"num":0}]'),
    true,
  ],
  ['of heartbeats', (client) => client.send('3'), true],
  ['of frames below engine.io', (client) => client.send(FILL.slice(0, 100), 'ping'), false],
];

describe.each<Platform>(['express', 'fastify'])('a client of the live channel on %s', (platform) => {
  it.each(FLOODS)('is disconnected for a flood %s, and leaves nothing', async (_what, send, joins) => {
    const { port } = await startConsole({}, { platform });
    const client = await connect(port, VIEWER);
    const { socket } = client;
    if (joins) {
      client.send('40');
      for (let seen = ''; !seen.includes('hello');) seen += String((await once(socket, 'data'))[0]);
    }
    // It sends requests and reads nothing.
    socket.pause();
    const gone = closed(socket);
    const before = process.memoryUsage().rss;
    for (let n = 0; n < 2000 && !socket.destroyed; n++) {
      send(client, n);
      if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    socket.resume();
    await gone;
    // It was 300 to 500 MB in 9 s. What this process has yet to send is bounded by the loop above: 120 MB.
    expect((process.memoryUsage().rss - before) / 1e6).toBeLessThan(250);
  });

  it('is disconnected if it does not join', async () => {
    const { port } = await startConsole({}, { platform });
    const { socket } = await connect(port, VIEWER);
    const begun = performance.now();
    await closed(socket.resume());
    expect(performance.now() - begun).toBeLessThan(15_000);
  });

  it('does not delay a stop of the app, or keep its place, if it does not answer a close', async () => {
    const { app, port } = await startConsole({}, { platform });
    await Promise.all(Array.from({ length: 5 }, () => connect(port, VIEWER)));
    const begun = performance.now();
    await app.close();
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it('has its own number of places, and takes none of others', async () => {
    const { port, call } = await startConsole({}, { platform });
    const sockets = await Promise.all(Array.from({ length: 25 }, () => connect(port, VIEWER)));
    for (let n = 0; n < 5; n++) expect(await upgradeStatus(port, '/live', VIEWER)).toBe(403);
    expect(await upgradeStatus(port, '/live', OPERATOR)).toBe(101);
    const { ticket } = (await call('operator', 'post', '/api/live/tickets').expect(201)).body;
    for (let n = 0; n < 1010; n++) await call('viewer', 'post', '/api/live/tickets').expect(201);
    await connect(port, { origin: `http://127.0.0.1:${port}` }, `&ticket=${ticket}`);
    sockets[0]!.socket.destroy();
    const deadline = performance.now() + 10_000;
    while ((await upgradeStatus(port, '/live', VIEWER)) !== 101) expect(performance.now()).toBeLessThan(deadline);
  });
});
