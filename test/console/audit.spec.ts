import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, UnauthorizedException, type CanActivate } from '@nestjs/common';
import { SILENT } from '../support/app.js';
import { closeConsoles, startConsole, TOKENS, type Platform } from '../support/console.js';
import { rawRequest, upgradeStatus } from '../support/raw-request.js';

afterEach(closeConsoles);

const echo = { echo: (payload: unknown) => payload };

@Injectable()
class Closed implements CanActivate {
  canActivate(): boolean {
    throw new UnauthorizedException();
  }
}

/** Keeps the lines of a context. */
function listen(context: string) {
  const lines: Record<string, unknown>[] = [];
  const keep = (message: unknown, from?: string) => void (from === context && lines.push(JSON.parse(String(message))));
  return { lines, logger: { ...SILENT, log: keep, warn: keep } };
}

describe.each<Platform>(['express', 'fastify'])('the audit log on %s', (platform) => {
  const itemsOf = async (call: Awaited<ReturnType<typeof startConsole>>['call'], query = '') =>
    (await call('admin', 'get', `/api/audit${query}`).expect(200)).body.items as Record<string, unknown>[];

  it('does not record a HEAD request as a change', async () => {
    const { call, port } = await startConsole(echo, { platform });
    for (const { token } of TOKENS)
      for (const path of ['/api/me', '/api/executions', '/api/audit'])
        await rawRequest(port, 'HEAD', path, undefined, { authorization: `Bearer ${token}` });
    expect(await itemsOf(call)).toEqual([]);
  });

  it('keeps changes, however many requests are rejected', async () => {
    const { call, port } = await startConsole(echo, { platform });
    await call('operator', 'post', '/api/queues/default/pause').expect(200);
    const viewer = { authorization: `Bearer ${TOKENS[0].token}` };
    const operator = { authorization: `Bearer ${TOKENS[1].token}` };
    for (let n = 0; n < 1005; n++) {
      await rawRequest(port, 'POST', '/api/queues/default/pause', undefined, viewer);
      await rawRequest(port, 'POST', '/api/executions/nothing/cancel', undefined, operator);
      if (n % 2) await rawRequest(port, 'GET', '/api/me');
    }
    expect(await itemsOf(call, '?kind=changes')).toMatchObject([{ action: 'pauseQueue', outcome: 'OK' }]);
    expect((await itemsOf(call)).at(-1)).toMatchObject({ action: 'pauseQueue' });
    expect((await itemsOf(call, '?limit=10')).at(-1)).toMatchObject({ action: 'pauseQueue' });
    expect(await itemsOf(call, '?kind=refused')).toHaveLength(1000);
    await call('admin', 'get', '/api/audit?kind=all').expect(400);
  });

  it('has no secret in its URLs', async () => {
    const { lines, logger } = listen('Audit');
    const { call } = await startConsole(echo, { platform, logger });
    for (const key of ['password=hunter2', 'Bearer abcdef0123456789', 'redis://u:hunter2@db'])
      await call('admin', 'post', `/api/locks/${encodeURIComponent(key)}/force-release`).expect(404);
    const texts = [JSON.stringify(lines), JSON.stringify(await itemsOf(call))];
    for (const text of texts) {
      expect(text).toMatch(/redacted.*redacted.*redacted/);
      expect(text).not.toMatch(/hunter2|abcdef/);
    }
  });

  it('records failed sign-ins, over HTTP and at the live channel, in the log and in the metrics', async () => {
    const { lines, logger } = listen('Audit');
    const { call, port } = await startConsole(echo, { platform, logger });
    await rawRequest(port, 'GET', '/api/me?token=hunter2', undefined, {
      authorization: 'Bearer hunter2-hunter2-hunter2',
    });
    await rawRequest(port, 'POST', '/api/queues/default/pause');
    expect(await upgradeStatus(port, '/live', { authorization: 'Bearer hunter2-hunter2-hunter2' })).toBe(403);
    const expected = ['/live/', '/api/queues/default/pause', '/api/me'].map(
      (url) =>
      expect.objectContaining({ action: 'signIn', outcome: 'UNAUTHENTICATED', name: '', role: null, url, address: expect.stringContaining('127.0.0.1') }), // prettier-ignore
    );
    expect(await itemsOf(call, '?kind=sign-ins')).toEqual(expected);
    expect(await itemsOf(call)).toEqual(expected);
    expect(lines).toEqual([...expected].reverse());
    expect(JSON.stringify(lines)).not.toContain('hunter2');
    const { text } = await call('viewer', 'get', '/metrics').expect(200);
    expect(text).toContain('scheduler_failed_sign_ins_total{at="http"} 2');
    expect(text).toContain('scheduler_failed_sign_ins_total{at="live"} 1');
  });

  it.each([
    ['a token', {}],
    ['a guard that throws', { auth: { guard: Closed } }],
  ])('limits failed sign-ins, with %s and at the upgrade, and logs some of them', async (_what, console) => {
    const { lines, logger } = listen('Audit');
    const { port } = await startConsole(echo, { platform, logger, console: { ...console, rateLimit: { max: 5, per: 60_000 } } }); // prettier-ignore
    const statuses: number[] = [];
    for (let n = 0; n < 8; n++) statuses.push((await rawRequest(port, 'GET', '/api/me')).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
    expect(await upgradeStatus(port, '/live', { authorization: 'Bearer wrong' })).toBe(429);
    for (let n = 0; n < 100; n++) await rawRequest(port, 'GET', '/api/me');
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.length).toBeLessThan(100);
  });
});
