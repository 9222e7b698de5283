import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from '@jest/globals';
import { Controller, Get, Module, Post, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HTTP_LIMITS, LimitedExpressAdapter, type HttpLimits } from './http-limits.js';

@Controller()
class OwnController {
  @Get('live')
  live() {
    return { status: 'ok' };
  }

  @Post('echo')
  echo() {
    return {};
  }
}

@Module({ controllers: [OwnController] })
class OwnModule {}

let app: INestApplication;
const open: Socket[] = [];
afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy();
  await app.close();
});

async function start(limits: Partial<HttpLimits>): Promise<number> {
  const adapter = new LimitedExpressAdapter({ ...HTTP_LIMITS, checkEvery: 50, ...limits });
  app = await NestFactory.create(OwnModule, adapter, { logger: false, forceCloseConnections: true });
  await app.listen(0, '127.0.0.1');
  return (app.getHttpServer().address() as AddressInfo).port;
}

async function opened(port: number, sent = ''): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  open.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(sent);
  return socket;
}

const HEAD = 'POST /nothing HTTP/1.1\r\nHost: x\r\n';

it('ends a connection whose headers do not come', async () => {
  const port = await start({ headers: 200, request: 60_000 });
  expect(await text(await opened(port, HEAD))).toMatch(/^HTTP\/1\.1 408/);
});

it('ends a connection whose body does not come, on every path', async () => {
  const port = await start({ headers: 200, request: 300 });
  const bodies = [HEAD, HEAD.replace('nothing', 'echo')].map(async (head) =>
    text(await opened(port, `${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`)),
  );
  await Promise.all(bodies);
});

it('takes no more connections than it may, and goes on with those it has', async () => {
  const port = await start({ connections: 3 });
  const sockets = await Promise.all([opened(port), opened(port), opened(port)]);
  const late = await opened(port);
  await new Promise((resolve) => late.resume().once('close', resolve));
  sockets[0].write('GET /live HTTP/1.1\r\nHost: x\r\n\r\n');
  const [answer] = (await once(sockets[0], 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 200/);
  expect(answer.toString()).not.toMatch(/x-powered-by/i);
});

it('closes what is open when the app stops', async () => {
  const port = await start({});
  const socket = await opened(port, HEAD);
  const closed = new Promise((resolve) => socket.resume().once('close', resolve));
  await app.close();
  await closed;
});
