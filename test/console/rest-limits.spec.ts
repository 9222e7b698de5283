import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { TASK_STORE, type TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import express from 'express';
import { SchedulerModule } from 'nestjs-advanced-scheduler';
import { SchedulerConsoleModule } from 'nestjs-advanced-scheduler-console';
import { closeConsoles, makeConsole, startConsole, TOKENS, type Platform } from '../support/console.js';
import { rawRequest } from '../support/raw-request.js';

afterEach(closeConsoles);

const echo = { echo: (payload: unknown) => payload };
const AUTHORIZATION = { authorization: `Bearer ${TOKENS[2].token}` };
const RUN = '/api/tasks/echo/executions';

/** Routes of the app that resemble some of the console. */
@Controller('api')
class OwnController {
  @Post('tasks')
  text(@Body() body: unknown) {
    return { body: body ?? null };
  }
}

/** Writes what is no whole request. @returns what is answered until the other side closes */
function halfRequest(
  port: number,
  path: string,
  headers: readonly string[],
  sent: (write: (text: string) => void) => void,
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
    const head = [`POST ${path} HTTP/1.1`, 'Host: 127.0.0.1', `Authorization: ${AUTHORIZATION.authorization}`, 'Content-Type: application/json', ...headers]; // prettier-ignore
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    sent((text) => void socket.write(text));
  });
}

describe.each<Platform>(['express', 'fastify'])('the limits of a request on %s', (platform) => {
  const post = (port: number, body: unknown, headers = {}, path = RUN) =>
    rawRequest(port, 'POST', path, body, { ...AUTHORIZATION, ...headers });

  it('allow bodies up to one MiB, whatever the limit of the app', async () => {
    const { port } = await startConsole(echo, { platform });
    expect((await post(port, { payload: 'x'.repeat(200_000) })).status).toBe(201);
    const nodes = Array.from({ length: 9 }, () => ({ taskId: 'echo', payload: 'x'.repeat(100_000) }));
    expect(
      (await post(port, { tasks: nodes.map((node, n) => ({ ...node, ref: `n${n}` })) }, {}, '/api/workflows')).status,
    ).toBe(201);
  });

  it('apply to decompressed bodies', async () => {
    const { port } = await startConsole(echo, { platform });
    const gzip = (text: string) => post(port, gzipSync(text), { 'content-encoding': 'gzip' });
    expect((await gzip('{"payload":1}')).status).toBe(201);
    const bomb = await gzip(`{"payload":"${'x'.repeat(50_000_000)}"}`);
    expect([bomb.status, bomb.body.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    const broken = await post(port, '{"payload":1}', { 'content-encoding': 'gzip' });
    expect([broken.status, broken.body.code]).toEqual([400, 'INVALID_JSON']);
    const unknown = await post(port, '{"payload":1}', { 'content-encoding': 'br' });
    expect([unknown.status, unknown.body.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });

  it('end a body without end when it is too large or too slow', async () => {
    const { port } = await startConsole(echo, { platform, console: { requestTimeout: 300 } });
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const answer = await halfRequest(port, RUN, ['Transfer-Encoding: chunked'], (write) => {
      for (let n = 0; n < 20; n++) write(chunk);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*"code":"PAYLOAD_TOO_LARGE"/);
  });

  it('apply to the time that a body takes', async () => {
    const { port } = await startConsole(echo, { platform, console: { requestTimeout: 100 } });
    const answer = await halfRequest(port, RUN, ['Content-Length: 100'], (write) => write('{"payload"'));
    expect(answer).toMatch(/^HTTP\/1\.1 408 [^]*"code":"REQUEST_TIMEOUT"/);
  });

  it('apply if the store does not respond; the response says that the call may still take effect', async () => {
    const { app, call } = await startConsole(echo, { platform, console: { requestTimeout: 100 } });
    app.get<TaskStore>(TASK_STORE, { strict: false }).enqueue = () => new Promise(() => undefined);
    const { body, headers } = await call('operator', 'post', RUN).send({}).expect(503);
    expect(body).toMatchObject({
      code: 'ANSWER_TIMEOUT',
      detail: expect.stringMatching(/120 ms.*may still take effect/),
    });
    expect(headers['retry-after']).toBe('5');
    const { items } = (await call('admin', 'get', '/api/audit').expect(200)).body;
    expect(items).toMatchObject([{ action: 'scheduleExecution', outcome: 'ANSWER_TIMEOUT' }]);
  });

  it('allow headers of 16 kB', async () => {
    const { port } = await startConsole(echo, { platform });
    const { status } = await rawRequest(port, 'GET', '/api/me', undefined, { ...AUTHORIZATION, 'x-long': 'x'.repeat(17_000) }); // prettier-ignore
    expect(status).toBe(431);
  });

  it('do not require a content type for an empty body', async () => {
    const { port } = await startConsole(echo, { platform });
    const json = { 'content-type': 'application/json', 'content-length': 0 };
    expect((await post(port, undefined, json, '/api/queues/default/pause')).status).toBe(200);
    expect((await post(port, undefined, {}, '/api/queues/default/resume')).status).toBe(200);
    expect((await post(port, undefined, {})).status).toBe(201);
    expect((await post(port, undefined, json)).body.code).toBe('INVALID_JSON');
  });

  it('do not affect other routes of the app', async () => {
    const { port } = await startConsole(echo, { platform, app: { controllers: [OwnController] } });
    const twice = await rawRequest(port, 'POST', '/api/tasks', '{"a":1,"a":2}');
    expect([twice.status, twice.body]).toEqual([201, { body: { a: 2 } }]);
    const broken = await rawRequest(port, 'POST', '/api/tasks', '{');
    expect([broken.status, broken.body.code]).not.toEqual([400, 'INVALID_JSON']);
  });

  it('apply under a global prefix', async () => {
    const app = await makeConsole(echo, { platform, console: { path: 'ops' } });
    app.setGlobalPrefix('v1');
    await app.listen(0, '127.0.0.1');
    const { port } = app.getHttpServer().address();
    const path = `/v1/ops${RUN}`;
    expect((await post(port, { payload: 'x'.repeat(200_000) }, {}, path)).status).toBe(201);
    expect((await post(port, '{"payload":1,"payload":2}', {}, path)).body.code).toBe('INVALID_JSON');
  });
});

it('apply to a body that another parser has read', async () => {
  const server = express();
  server.use(express.json());
  const app = await makeConsole(echo, { adapter: new ExpressAdapter(server) });
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address();
  const post = (body: string) => rawRequest(port, 'POST', RUN, body, AUTHORIZATION);
  expect((await post('{"payload":{"__proto__":1}}')).body).toMatchObject({ code: 'FORBIDDEN_KEY', path: 'payload' });
  expect((await post(`{"payload":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)).body.code).toBe('PAYLOAD_TOO_DEEP');
  expect((await post('{"payload":1}')).status).toBe(201);
});

it('have a valid range', async () => {
  const make = (console: object) => makeConsole(echo, { console });
  await expect(make({ requestTimeout: 0 })).rejects.toThrow(/requestTimeout: 0 .* 1 to 600000/);
  await expect(make({ cronTicksPerMinute: Number.NaN })).rejects.toThrow(/cronTicksPerMinute/);
});

it('do not require HTTP in an app without it', async () => {
  const imports = [SchedulerModule.forRoot(), SchedulerConsoleModule.forRoot({ auth: { tokens: TOKENS } })];
  const app = await NestFactory.createApplicationContext({ module: class {}, imports }, { logger: false, abortOnError: false }); // prettier-ignore
  await app.close();
});
