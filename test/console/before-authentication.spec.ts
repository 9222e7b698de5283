import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, UnauthorizedException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { cpuTime } from '../support/cpu-time.js';
import { closeConsoles, startConsole, TOKENS, type Platform } from '../support/console.js';
import { rawRequest } from '../support/raw-request.js';

afterEach(closeConsoles);

const echo = { echo: (payload: unknown) => payload };
const RUN = '/api/tasks/echo/executions';
const ADMIN = { authorization: `Bearer ${TOKENS[2].token}` };
/** One MiB of values, compressed to one kB. */
const VALUES = `{"payload":[${'{},'.repeat(349_000)}{}]}`;
const FORM = 'a=1&'.repeat(262_000);
const GZIP = { 'content-encoding': 'gzip' };

@Injectable()
class ThrowingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<{ headers: { 'x-user'?: string } }>();
    if (headers['x-user'] === undefined) throw new UnauthorizedException();
    return true;
  }
}

/** ms of CPU of this process during a call. */
async function cpuOf(act: () => Promise<void>): Promise<number> {
  const took = cpuTime();
  await act();
  return took();
}

describe.each<Platform>(['express', 'fastify'])('before a caller is authenticated, on %s', (platform) => {
  it.each([
    ['tokens', {}],
    ['a guard', { auth: { guard: ThrowingGuard } }],
  ])('no body is decompressed or parsed, with %s', async (_what, console) => {
    const { port } = await startConsole(echo, { platform, console });
    const [json, form] = [gzipSync(VALUES), gzipSync(FORM)];
    const ask = async (body: Buffer, type: string, path = RUN, method = 'POST') => {
      const reply = await rawRequest(port, method, path, body, { ...GZIP, 'content-type': type });
      expect([method, path, reply.status, reply.body.code]).toEqual([method, path, 401, 'UNAUTHENTICATED']);
    };
    const cpu = await cpuOf(async () => {
      for (let n = 0; n < 25; n++) {
        await ask(json, 'application/json');
        await ask(json, 'application/json', '/api/workflows');
        await ask(json, 'application/json', '/api/me', 'GET');
        await ask(json, 'application/json', '/api/schedules/x', 'DELETE');
        await ask(form, 'application/x-www-form-urlencoded');
        await ask(form, 'text/plain');
      }
    });
    // Each took 300 to 500 ms.
    expect(cpu).toBeLessThan(5000);
  });

  it('the response does not wait for the body', async () => {
    const { port } = await startConsole(echo, { platform });
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(
        `POST ${RUN} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
      ),
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 401/);
    socket.destroy();
  });

  it('nothing is read above the rate limit, or without the required role', async () => {
    const { port } = await startConsole(echo, { platform, console: { rateLimit: { max: 2, per: 60_000 } } });
    const viewer = { authorization: `Bearer ${TOKENS[0].token}` };
    const statuses: number[] = [];
    for (let n = 0; n < 4; n++) statuses.push((await rawRequest(port, 'POST', RUN, '{', viewer)).status);
    expect(statuses).toEqual([403, 403, 429, 429]);
  });
});

describe.each<Platform>(['express', 'fastify'])('for an authenticated caller, on %s', (platform) => {
  it('the body is read, whatever middleware the app has', async () => {
    const { port } = await startConsole(echo, { platform, console: { auth: { guard: ThrowingGuard } } });
    const reply = await rawRequest(port, 'POST', '/api/live/tickets', gzipSync('{}'), { ...GZIP, 'x-user': 'u', 'content-type': 'application/json' }); // prettier-ignore
    expect(reply.status).toBe(201);
  });

  it('JSON has a limit of values as well as of bytes', async () => {
    const { port, scheduler } = await startConsole(echo, { platform });
    const refused = await rawRequest(port, 'POST', RUN, gzipSync(VALUES), { ...ADMIN, ...GZIP, 'content-type': 'application/json' }); // prettier-ignore
    expect([refused.status, refused.body.code, refused.body.detail]).toEqual([413, 'PAYLOAD_TOO_LARGE', expect.stringMatching(/200000 values/)]); // prettier-ignore
    // The largest workflow that fits.
    const tasks = Array.from({ length: 8000 }, (_, n) => ({ taskId: 'echo', ref: `n${n}`, dependencies: n > 3 ? [1, 2, 3].map((back) => ({ ref: `n${n - back}` })) : [] })); // prettier-ignore
    const made = await rawRequest(port, 'POST', '/api/workflows', { tasks }, ADMIN);
    expect([made.status, made.body.code]).toEqual([201, undefined]);
    expect(await scheduler.getWorkflow(made.body.workflowId)).not.toBeNull();
  });
});
