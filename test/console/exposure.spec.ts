import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, type CanActivate, type ExecutionContext, type INestApplication } from '@nestjs/common';
import { isLoopbackHost } from '../../libs/scheduler-console/src/auth/loopback.js';
import { closeConsoles, startConsole, TOKENS, type Platform } from '../support/console.js';
import { rawRequest, upgradeStatus } from '../support/raw-request.js';

const echo = { echo: (payload: unknown) => payload };
const BEARER = { authorization: `Bearer ${TOKENS[2].token}` };
const doors: Server[] = [];

afterEach(async () => {
  for (const door of doors.splice(0)) door.close();
  await closeConsoles();
});

/** Another way to the same app, whose connections seem to come in at `address`. @returns its port */
async function doorAt(address: string, inner: Server): Promise<number> {
  const seems = (request: IncomingMessage): IncomingMessage => {
    Object.defineProperty(request.socket, 'localAddress', { value: address });
    return request;
  };
  const door = createServer((request, reply) => void inner.emit('request', seems(request), reply));
  door.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) =>
    inner.emit('upgrade', seems(request), socket, head),
  );
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  doors.push(door);
  return (door.address() as AddressInfo).port;
}

/** Admits requests with the cookie, like the session of an app. */
@Injectable()
class SessionGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: { cookie?: string }; principal: unknown }>();
    request.principal = { name: 'session', role: 'admin', payloads: false };
    return request.headers.cookie === 'session=1';
  }
}

describe.each<Platform>(['express', 'fastify'])('callers of the console on %s', (platform) => {
  it.each([
    ['with auth none', 'none' as const],
    ['without tokens', { tokens: [] }],
  ])('%s come from loopback only, even if the app listens on other addresses', async (_what, auth) => {
    const { app } = await startConsole(echo, { platform, console: { auth } });
    const [outside, inside] = [await doorAt('10.0.0.5', app.getHttpServer()), await doorAt('127.0.0.1', app.getHttpServer())]; // prettier-ignore
    for (const path of ['/api/me', '/metrics']) {
      const { status, body } = await rawRequest(outside, 'GET', path, undefined, BEARER);
      expect([status, body.code, body.detail]).toEqual([403, 'CONSOLE_EXPOSED', expect.stringMatching(/10\.0\.0\.5/)]);
    }
    const origin = `http://127.0.0.1:${outside}`;
    expect(await upgradeStatus(outside, '/live', { origin })).toBe(403);
    expect((await rawRequest(inside, 'GET', '/api/me')).status).toBe(auth === 'none' ? 200 : 401);
  });

  it('with auth none must use names of this machine, so no other name can resolve to it', async () => {
    const { port } = await startConsole(echo, { platform, console: { auth: 'none' } });
    for (const host of ['localhost', `127.0.0.1:${port}`, '[::1]:8080', 'scheduler.localhost']) {
      expect((await rawRequest(port, 'GET', '/api/me', undefined, { host })).status).toBe(200);
      expect(await upgradeStatus(port, '/live', { host, origin: `http://${host}` })).toBe(101);
    }
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '10.0.0.5',
    ]) {
      const { status, body } = await rawRequest(port, 'POST', '/api/queues/default/pause', undefined, { host });
      expect([host, status, body.code]).toEqual([host, 403, 'HOST_NOT_ALLOWED']);
      expect((await rawRequest(port, 'GET', '/metrics', undefined, { host })).status).toBe(403);
      expect(await upgradeStatus(port, '/live', { host, origin: `http://${host}` })).toBe(403);
    }
  });

  it('without a bearer token are no pages of another origin', async () => {
    const console = { auth: { guard: SessionGuard }, allowedOrigins: ['https://ops.example'] };
    const apps = [
      { headers: { cookie: 'session=1' }, ...(await startConsole(echo, { platform, console })) },
      { headers: {}, ...(await startConsole(echo, { platform, console: { ...console, auth: 'none' as const } })) },
    ];
    for (const { port, url, headers } of apps) {
      const ask = async (method: string, path: string, origin: string) =>
        (await rawRequest(port, method, path, undefined, { ...headers, origin })).body?.code ?? 'let in';
      for (const origin of ['https://evil.example', 'null', `${url}.evil.example`, `http://localhost:${port + 1}`]) {
        expect(await ask('POST', '/api/queues/default/pause', origin)).toBe('ORIGIN_NOT_ALLOWED');
        expect(await ask('GET', '/api/executions', origin)).toBe('ORIGIN_NOT_ALLOWED');
      }
      for (const origin of [url, 'https://ops.example'])
        expect(await ask('POST', '/api/queues/default/pause', origin)).toBe('let in');
    }
  });

  it('with a made-up bearer token are not trusted as pages of another origin if no token is checked', async () => {
    for (const auth of ['none' as const, { guard: SessionGuard }]) {
      const prepare = (app: INestApplication) => app.enableCors({ origin: true, credentials: true });
      const { port } = await startConsole(echo, { platform, console: { auth }, prepare });
      const asked = { cookie: 'session=1', authorization: 'Bearer x', origin: 'https://evil.example' };
      for (const path of ['/api/me', '/api/executions', '/metrics']) {
        const { status, body } = await rawRequest(port, 'GET', path, undefined, asked);
        expect([path, status, body.code]).toEqual([path, 403, 'ORIGIN_NOT_ALLOWED']);
      }
      expect((await rawRequest(port, 'POST', '/api/queues/default/pause', undefined, asked)).status).toBe(403);
      expect(await upgradeStatus(port, '/live', asked)).toBe(403);
      const { origin: _, ...program } = asked;
      expect((await rawRequest(port, 'GET', '/api/me', undefined, program)).status).toBe(200);
    }
  });

  it('with auth none do not come through a proxy, behind which every caller seems local', async () => {
    const { port, url } = await startConsole(echo, { platform, console: { auth: 'none' } });
    for (const name of ['X-Forwarded-For', 'X-Forwarded-Host', 'x-forwarded-proto', 'Forwarded', 'Via', 'X-Real-IP']) {
      const { status, body } = await rawRequest(port, 'GET', '/api/me', undefined, { [name]: '10.1.2.3' });
      expect([name, status, body.code]).toEqual([name, 403, 'FORWARDED_NOT_ALLOWED']);
      expect(await upgradeStatus(port, '/live', { origin: url, [name]: '10.1.2.3' })).toBe(403);
    }
    const protectedOne = await startConsole(echo, { platform });
    const through = { ...BEARER, 'x-forwarded-for': '10.1.2.3' };
    expect((await rawRequest(protectedOne.port, 'GET', '/api/me', undefined, through)).status).toBe(200);
  });

  it('with a bearer token, which no browser sends by itself, come from any address', async () => {
    const { port } = await startConsole(echo, { platform });
    const from = { ...BEARER, host: 'ops.example', origin: 'https://other.example' };
    expect((await rawRequest(port, 'GET', '/api/me', undefined, from)).status).toBe(200);
  });

  it('send neither a form nor text of another site', async () => {
    const { port } = await startConsole(echo, { platform });
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'multipart/form-data; boundary=x']) {
      const { status, body } = await rawRequest(port, 'POST', '/api/tasks/echo/executions', '{}', {
        ...BEARER,
        'content-type': type,
      });
      expect([type, status, body.code]).toEqual([type, 415, 'UNSUPPORTED_MEDIA_TYPE']);
    }
  });
});

it('recognizes the names of this machine', () => {
  for (const host of ['LOCALHOST:1', '127.8.9.1', '[::1]', 'a.localhost:80', '2130706433'])
    expect([host, isLoopbackHost(host)]).toEqual([host, true]);
  for (const host of [
    undefined,
    '',
    ':80',
    'localhost.',
    'xlocalhost',
    'me@localhost',
    '[::2]',
    '0.0.0.0',
    'localhost/x',
    '127.0.0.1:99999',
  ])
    expect([host, isLoopbackHost(host)]).toEqual([host, false]);
});
