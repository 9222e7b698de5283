import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import type { IncomingMessage, Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Post } from '@nestjs/common';
import { SchedulerProbesModule } from 'nestjs-advanced-scheduler';
import { SchedulerConsoleModule } from 'nestjs-advanced-scheduler-console';
import { takeUpgrades } from '../../libs/scheduler-console/src/live/upgrades.js';
import { closeConsoles, startConsole, TOKENS, type Platform } from '../support/console.js';
import { rawRequest, upgradeStatus } from '../support/raw-request.js';

afterEach(closeConsoles);

@Controller()
class OwnController {
  @Get('live/scores')
  scores() {
    return { scores: [] };
  }

  @Post('echo')
  echo(@Body() body: unknown) {
    return { body };
  }
}

const OWN = { controllers: [OwnController], imports: [SchedulerProbesModule.register()] };
/** What `curl --http2` adds to a request. */
const H2C = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA'];

const asking = (line: string, headers: readonly string[] = [], body = '') =>
  [`${line} HTTP/1.1`, 'Host: 127.0.0.1', ...H2C, ...headers, '', body].join('\r\n');
const closing = (line: string) => `${line} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`;

/** The response to a text, until the other side closes. */
function answerTo(port: number, sent: string): Promise<string> {
  const socket = connect(port, '127.0.0.1', () => socket.write(sent));
  return text(socket);
}

/** The statuses of answers, in their order. */
const statusesOf = (answer: string): number[] =>
  [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));

describe.each<Platform>(['express', 'fastify'])('an upgrade that no listener handles, on %s', (platform) => {
  it.each(['GET /health/live', 'HEAD /health/ready', 'GET /api/me', 'GET /live/scores', 'GET /dashboard/'])(
    'is answered as an ordinary request: %s',
    async (line) => {
      const { port } = await startConsole({}, { platform, app: OWN });
      const [method, path] = line.split(' ') as [string, string];
      const { status } = await rawRequest(port, method, path);
      expect(statusesOf(await answerTo(port, asking(line) + closing('GET /health/live')))).toEqual([status, 200]);
    },
  );

  it('includes its body, sent with the head or later', async () => {
    const { port } = await startConsole({}, { platform, app: OWN });
    const json = ['Content-Type: application/json', 'Content-Length: 7'];
    expect(await answerTo(port, asking('POST /echo', json, '{"a":1}') + closing('GET /health/live'))).toMatch(
      /^HTTP\/1\.1 201 [^]*\{"body":\{"a":1\}\}HTTP\/1\.1 200/,
    );
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(asking('POST /echo', [...json, 'Expect: 100-continue'])),
    );
    await once(socket, 'data');
    socket.write(`{"a":2}${closing('GET /health/live')}`);
    expect(await text(socket)).toContain('{"body":{"a":2}}');
  });

  it('can follow another on the same connection, and is answered in order', async () => {
    const { port } = await startConsole({}, { platform, app: OWN });
    const warnings: Error[] = [];
    const keep = (warning: Error) => void warnings.push(warning);
    process.on('warning', keep);
    const many = Array.from({ length: 30 }, (_, n) => asking(n % 2 ? 'GET /nothing' : 'GET /live/scores')).join('');
    expect(statusesOf(await answerTo(port, many + closing('GET /health/live')))).toEqual(
      Array.from({ length: 31 }, (_, n) => (n % 2 ? 404 : 200)),
    );
    process.off('warning', keep);
    expect(warnings).toEqual([]);
  });

  it('does not delay a stop of the app', async () => {
    const { app, port } = await startConsole({}, { platform, app: OWN });
    const sockets = Array.from({ length: 50 }, () => connect(port, '127.0.0.1'));
    await Promise.all(
      sockets.map((socket) => {
        socket.write(asking('GET /health/live'));
        return once(socket, 'data');
      }),
    );
    const closed = sockets.map((socket) => once(socket.resume(), 'close'));
    await app.close();
    await Promise.all(closed);
  });

  it('is left to another listener that handles it, even a slow one', async () => {
    const { app, port } = await startConsole({}, { platform, app: OWN });
    const server = app.getHttpServer() as Server;
    server.on('upgrade', ({ url }: IncomingMessage, socket: Socket) => {
      if (url !== '/own') return;
      setTimeout(() => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'), 50);
    });
    expect(statusesOf(await answerTo(port, asking('GET /own')))).toEqual([101]);
    const rest = asking('GET /health/live').repeat(3) + closing('GET /health/live');
    expect(statusesOf(await answerTo(port, rest))).toEqual([200, 200, 200, 200]);
  });

  it('is answered if an app has two consoles, and both have their channels', async () => {
    const imports = [SchedulerConsoleModule.forRoot({ path: 'second', auth: { tokens: TOKENS } }), ...OWN.imports];
    const { port } = await startConsole({}, { platform, app: { ...OWN, imports } });
    expect(statusesOf(await answerTo(port, asking('GET /health/live') + closing('GET /nothing')))).toEqual([200, 404]);
    const headers = { authorization: `Bearer ${TOKENS[0].token}` };
    for (const path of ['/live', '/second/live']) expect(await upgradeStatus(port, path, headers)).toBe(101);
    // To Fastify, an address with a slash at its end is another one.
    expect(await upgradeStatus(port, '/live/scores', headers)).toBe(platform === 'express' ? 200 : 404);
  });

  it('does not affect routes of the app below the path of the live channel', async () => {
    const { port } = await startConsole({}, { platform, app: OWN });
    expect((await rawRequest(port, 'GET', '/live/scores')).body).toEqual({ scores: [] });
  });
});

it('is answered over TLS', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'upgrades-'));
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const made = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '1',
    '-subj',
    '/CN=x',
    '-keyout',
    key,
    '-out',
    cert,
  ];
  expect(spawnSync('openssl', made).status).toBe(0);
  const server = createTlsServer(
    { key: readFileSync(key), cert: readFileSync(cert) },
    (_request, reply) => void reply.end(),
  );
  rmSync(dir, { recursive: true });
  const leave = takeUpgrades(server, () => false);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () =>
    socket.write(asking('GET /') + closing('GET /')),
  );
  expect(statusesOf(await text(socket))).toEqual([200, 200]);
  leave();
  server.close();
});
