import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ConsoleExposedError, SchedulerConsoleModule } from 'nestjs-advanced-scheduler-console';
import request from 'supertest';
import { ConsoleAuthenticator } from '../../libs/scheduler-console/src/auth/console-authenticator.js';
import { RateLimiter } from '../../libs/scheduler-console/src/security/rate-limiter.js';
import { resolveConsoleOptions } from '../../libs/scheduler-console/src/resolve-options.js';
import { gate, SILENT } from '../support/app.js';
import { closeConsoles, makeConsole, startConsole, TOKENS, type Platform } from '../support/console.js';

afterEach(closeConsoles);

const CANARY = 'canary-5d41402abc';
const echo = { echo: (payload: unknown) => payload };

describe.each<Platform>(['express', 'fastify'])('on %s', (platform) => {
  it('sets its headers on responses and errors', async () => {
    const { call } = await startConsole(echo, { platform });
    for (const reply of [await call('viewer', 'get', '/api/me'), await call(null, 'get', '/api/me')]) {
      expect(reply.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
      expect(reply.headers['content-security-policy']).toMatch(/default-src 'self'.*frame-ancestors 'none'/);
      expect(reply.headers['x-powered-by']).toBeUndefined();
    }
    const { headers, body } = await call(null, 'get', '/api/me').set('X-Request-Id', 'abc-1').expect(401);
    expect([headers['x-request-id'], body.requestId, headers['www-authenticate']]).toEqual([
      'abc-1',
      'abc-1',
      'Bearer',
    ]);
  });

  it('accepts neither a form nor text, which other sites could send', async () => {
    const { call } = await startConsole(echo, { platform });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const reply = await call('operator', 'post', '/api/tasks/echo/executions').set('Content-Type', type).send('{}');
      expect([type, reply.status, reply.body.code]).toEqual([type, 415, 'UNSUPPORTED_MEDIA_TYPE']);
    }
  });

  it('returns 429 with Retry-After above the limit of one caller, and serves others', async () => {
    const { call } = await startConsole(echo, { platform, console: { rateLimit: { max: 3, per: 60_000 } } });
    for (let i = 0; i < 3; i++) await call('viewer', 'get', '/api/me').expect(200);
    const reply = await call('viewer', 'get', '/api/me').expect(429);
    expect(reply.body.code).toBe('RATE_LIMITED');
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    await call('operator', 'get', '/api/me').expect(200);
    for (let i = 0; i < 3; i++) await call(null, 'get', '/api/me').expect(401);
    await call(null, 'get', '/api/me').expect(429);
    await call('operator', 'get', '/api/me').expect(200);
  });

  it('never shows a secret, and shows payloads only with the permission', async () => {
    const logged: string[] = [];
    const keep = (message: unknown) => void logged.push(String(message));
    const { call, scheduler } = await startConsole(
      {
        leak: () => {
          const error = new Error('cannot reach redis://user:hunter2@db');
          error.stack = `Error: ${CANARY}`;
          throw error;
        },
      },
      { platform, console: { redact: ['iban'] }, logger: { ...SILENT, log: keep, warn: keep, error: keep } },
    );
    const payload = { note: CANARY, apiKey: 'key-1', nested: [{ 'Set-Cookie': 'cookie-1', IBAN: 'iban-1' }] };
    const { body } = await call('operator', 'post', '/api/tasks/leak/executions').send({ payload }).expect(201);
    await scheduler.waitForExecution(body.executionId);
    const seen = (await call('operator', 'get', `/api/executions/${body.executionId}`)).body;
    expect(seen.payload).toEqual({
      note: CANARY,
      apiKey: '[redacted]',
      nested: [{ 'Set-Cookie': '[redacted]', IBAN: '[redacted]' }],
    });
    expect(seen.error).toMatchObject({ message: 'cannot reach redis://[redacted]@db', stack: expect.any(String) });
    const paths = [`executions/${body.executionId}`, 'executions', 'overview', 'health/status', 'tasks'];
    const texts = await Promise.all(
      paths.map(async (path) => (await call('viewer', 'get', `/api/${path}`).expect(200)).text),
    );
    const audit = (await call('admin', 'get', '/api/audit')).text;
    for (const text of [...texts, audit, ...logged])
      expect(text).not.toMatch(/canary|hunter2|key-1|cookie-1|iban-1|token-0123/);
  });

  it('records changes in the audit log: who, what, when, before and after', async () => {
    const lines: string[] = [];
    const log = (message: unknown, context?: string) => void (context === 'Audit' && lines.push(String(message)));
    const { call, scheduler } = await startConsole(echo, { platform, logger: { ...SILENT, log } });
    const id = await scheduler.scheduleTask('echo', { delay: '1h' });
    await call('operator', 'post', `/api/executions/${id}/cancel?x=1`).set('X-Request-Id', 'r1').expect(200);
    await call('operator', 'post', `/api/executions/${id}/cancel`).expect(409);
    await call('viewer', 'post', `/api/executions/${id}/retry`).expect(403);
    await call('admin', 'post', '/api/live/tickets').expect(201);
    const { items } = (await call('admin', 'get', '/api/audit?limit=10').expect(200)).body;
    const base = { method: 'POST', address: expect.stringContaining('127.0.0.1'), time: expect.any(String) };
    const cancel = {
      ...base,
      name: 'otto',
      role: 'operator',
      action: 'cancelExecution',
      url: `/api/executions/${id}/cancel`,
    };
    expect(items).toEqual([
      expect.objectContaining({ ...base, name: 'vera', action: 'retryExecution', outcome: 'FORBIDDEN', before: null }),
      expect.objectContaining({ ...cancel, outcome: 'ALREADY_TERMINAL', before: 'CANCELLED', after: 'CANCELLED' }),
      { ...cancel, requestId: 'r1', outcome: 'OK', before: 'PENDING', after: 'CANCELLED' },
    ]);
    expect(lines.map((line) => JSON.parse(line))).toEqual([...items].reverse());
    const made = (await call('operator', 'post', '/api/tasks/echo/executions').send({}).expect(201)).body;
    const [latest] = (await call('admin', 'get', '/api/audit?limit=1').expect(200)).body.items;
    expect(latest).toMatchObject({ action: 'scheduleExecution', before: null, after: made });
    await call('admin', 'delete', '/api/audit').expect(404);
  });

  it('uses a guard of the app, and the roles that it returns', async () => {
    @Injectable()
    class OwnGuard implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        const asked = context.switchToHttp().getRequest<{ headers: Record<string, string>; principal: unknown }>();
        const name = asked.headers['x-user'];
        if (name === 'root') asked.principal = { name, role: 'admin', payloads: true };
        return name !== undefined;
      }
    }
    const { call, url } = await startConsole(echo, { platform, console: { auth: { guard: OwnGuard } } });
    const me = (user: string) => request(url).get('/api/me').set('X-User', user);
    await call('admin', 'get', '/api/me').expect(401);
    await me('root').expect(200, { name: 'root', role: 'admin', payloads: true });
    await me('guest').expect(200, { name: 'unnamed', role: 'viewer', payloads: false });
    await request(url).post('/api/queues/default/pause').set('X-User', 'guest').expect(403);
  });

  it('does not start beyond loopback without tokens or a guard', async () => {
    for (const auth of [undefined, 'none' as const, { tokens: [] }]) {
      const app = await makeConsole(echo, { platform, console: { auth } });
      await expect(app.listen(0, '0.0.0.0')).rejects.toMatchObject({ code: 'CONSOLE_EXPOSED', address: '0.0.0.0' });
      expect(app.getHttpServer().listening).toBe(false);
    }
    const guarded = await makeConsole(echo, { platform });
    await guarded.listen(0, '0.0.0.0');
  });

  it('without tokens generates one, prints it once, and serves loopback', async () => {
    const warnings: string[] = [];
    const warn = (message: unknown) => void warnings.push(String(message));
    const { url } = await startConsole(echo, {
      platform,
      console: { auth: undefined },
      logger: { ...SILENT, warn },
    });
    const printed = warnings.filter((line) => line.includes('admin token'));
    expect(printed).toHaveLength(1);
    const token = printed[0]!.split(': ').at(-1)!;
    await request(url).get('/api/me').expect(401);
    const { body } = await request(url).get('/api/me').set('Authorization', `Bearer ${token}`).expect(200);
    expect(body).toEqual({ name: 'generated', role: 'admin', payloads: true });
  });
});

describe('parts of the console', () => {
  it('refuse wrong options without showing a token', () => {
    const make = (options: object) => () => SchedulerConsoleModule.forRoot(options);
    const tokens = [{ token: 'secret-but-no', name: 'x', role: 'viewer' }];
    expect(make({ auth: { tokens } })).toThrow(/auth\.tokens\[0\]\.token: a string of length 13/);
    expect(make({ auth: { tokens } })).not.toThrow(/secret-but-no/);
    const twice = { auth: { tokens: [TOKENS[0], { ...TOKENS[2], token: TOKENS[0].token }] } };
    expect(make(twice)).toThrow(/auth\.tokens\[1\]\.token: that of auth\.tokens\[0\]/);
    expect(make(twice)).not.toThrow(new RegExp(TOKENS[0].token));
    expect(make({ auth: { tokens: [{ ...TOKENS[0], role: 'root' }] } })).toThrow(/viewer, operator, admin/);
    // Text without a zone would be another instant on each machine.
    for (const expires of ['soon', '2027-01-01T00:00:00', '2027-01-01 00:00', 'Jan 1 2027', 5])
      expect(make({ auth: { tokens: [{ ...TOKENS[0], expires }] } })).toThrow(
        new RegExp(`tokens\\[0\\]\\.expires: ${expires}.*with a zone`),
      );
    for (const expires of ['2027-01-01', '2027-01-01T00:00:00+02:00', '2027-01-01T00:00Z', new Date()])
      expect(make({ auth: { tokens: [{ ...TOKENS[0], expires }] } })).not.toThrow();
    expect(make({ path: 'a b' })).toThrow(/path/);
    expect(make({ rateLimit: { max: 0, per: 1 } })).toThrow(/rateLimit/);
    expect(new ConsoleExposedError('0.0.0.0')).toMatchObject({ code: 'CONSOLE_EXPOSED', status: 403 });
  });

  it('accept a ticket once, and keep twenty of a caller, however many others request', () => {
    const authenticator = new ConsoleAuthenticator(resolveConsoleOptions({ auth: { tokens: TOKENS } }));
    const principal = authenticator.authenticate(TOKENS[1].token, '10.0.0.1')!;
    expect(principal).toEqual({ name: 'otto', role: 'operator', payloads: true });
    const ticket = authenticator.issueTicket(principal);
    expect(authenticator.redeemTicket(ticket)).toEqual(principal);
    expect(authenticator.redeemTicket(ticket)).toBeNull();
    const others = authenticator.issueTicket(authenticator.authenticate(TOKENS[0].token, '10.0.0.1')!);
    const tickets = Array.from({ length: 1001 }, () => authenticator.issueTicket(principal));
    expect(authenticator.redeemTicket(tickets.at(-21)!)).toBeNull();
    expect(authenticator.redeemTicket(tickets.at(-20)!)).toEqual(principal);
    expect(authenticator.redeemTicket(others)).toMatchObject({ name: 'vera' });
    expect(JSON.stringify(Object.values(authenticator))).not.toContain(TOKENS[1].token);
  });

  it('admit only local callers if there is no authentication', () => {
    const authenticator = new ConsoleAuthenticator(resolveConsoleOptions({ auth: 'none' }));
    expect(authenticator.isProtected).toBe(false);
    expect(authenticator.authenticate(undefined, '::ffff:127.0.0.1')).toMatchObject({ role: 'admin' });
    for (const address of ['10.0.0.1', '::', 'fe80::1', '127.evil'])
      expect(authenticator.authenticate(undefined, address)).toBeNull();
  });

  it('limit requests by the generic cell rate algorithm', () => {
    const limiter = new RateLimiter(resolveConsoleOptions({ rateLimit: { max: 10, per: 1000 } }));
    const passed = (from: number, count: number) => {
      let ok = 0;
      for (let i = 0; i < count; i++) {
        try {
          limiter.take('k', 1, from);
          ok++;
        } catch {
          // refused
        }
      }
      return ok;
    };
    expect([passed(5000, 20), passed(5100, 20), passed(5350, 20), passed(9000, 20)]).toEqual([10, 1, 2, 10]);
  });
});

it('can be created from other providers', async () => {
  const opened = gate();
  const app = await makeConsole(echo, {
    console: { path: 'unused' },
    app: {
      imports: [
        SchedulerConsoleModule.forRootAsync({
          path: '/late/',
          useFactory: async () => {
            opened.open();
            return { auth: { tokens: TOKENS } };
          },
        }),
      ],
    },
  });
  await app.listen(0, '127.0.0.1');
  await opened.opened;
  await request(await app.getUrl())
    .get('/late/api/me')
    .expect(401);
  await request(await app.getUrl())
    .get('/late/api/me')
    .set('Authorization', `Bearer ${TOKENS[0].token}`)
    .expect(200);
});
