import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get } from '@nestjs/common';
import { SchedulerProbesModule } from 'nestjs-advanced-scheduler';
import { closeConsoles, routesOf, startConsole, TOKENS, type Platform, type Role } from '../support/console.js';
import { rawRequest } from '../support/raw-request.js';

afterAll(closeConsoles);

/** Every route of an app with console and probes, and who may call it. */
const ROUTES: Record<string, Role | 'anyone'> = {
  'get /api/me': 'viewer',
  'get /api/overview': 'viewer',
  'get /api/health/status': 'viewer',
  'get /api/workers': 'viewer',
  'get /api/audit': 'admin',
  'post /api/live/tickets': 'viewer',
  'get /api/tasks': 'viewer',
  'post /api/tasks/:taskId/executions': 'operator',
  'get /api/executions': 'viewer',
  'get /api/executions/:id': 'viewer',
  'post /api/executions/:id/cancel': 'operator',
  'post /api/executions/:id/retry': 'operator',
  'post /api/executions/cancel': 'operator',
  'post /api/executions/retry': 'operator',
  'get /api/workflows': 'viewer',
  'get /api/workflows/:id': 'viewer',
  'post /api/workflows': 'operator',
  'get /api/schedules': 'viewer',
  'get /api/schedules/preview': 'viewer',
  'get /api/schedules/:id/preview': 'viewer',
  'put /api/schedules/:id': 'admin',
  'delete /api/schedules/:id': 'admin',
  'post /api/schedules/:id/pause': 'operator',
  'post /api/schedules/:id/resume': 'operator',
  'post /api/schedules/:id/trigger': 'operator',
  'get /api/queues': 'viewer',
  'post /api/queues/:name/pause': 'operator',
  'post /api/queues/:name/resume': 'operator',
  'get /api/locks': 'viewer',
  'post /api/locks/:key/force-release': 'admin',
  'get /api/docs': 'viewer',
  'get /api/docs/openapi.json': 'viewer',
  'get /metrics': 'viewer',
  // The page without any data, which asks for a token itself.
  'get /dashboard': 'anyone',
  'get /dashboard/:file': 'anyone',
  'get /dashboard/assets/:file': 'anyone',
  'get /health/live': 'anyone',
  'get /health/ready': 'anyone',
  'get /health/startup': 'anyone',
  // Of the app.
  'get /open': 'anyone',
};

/** The fields of a route in Express. */
interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
}

@Controller('open')
class OpenController {
  @Get()
  get() {
    return { open: true };
  }
}

describe.each<Platform>(['express', 'fastify'])('the routes on %s', (platform) => {
  let started: Awaited<ReturnType<typeof startConsole>>;

  beforeAll(async () => {
    const app = { controllers: [OpenController], imports: [SchedulerProbesModule.register()] };
    started = await startConsole({ echo: () => 0 }, { platform, app });
  });

  const ask = (route: string, authorization?: string) => {
    const [method, path] = route.split(' ') as [string, string];
    return rawRequest(started.port, method.toUpperCase(), path.replaceAll(/:\w+/g, 'x'), undefined, authorization === undefined ? {} : { authorization }); // prettier-ignore
  };

  it('match the table', () => {
    const found = routesOf(started.app).map((route) => route.join(' '));
    expect([...new Set(found)].sort()).toEqual(Object.keys(ROUTES).sort());
    if (platform === 'fastify') return;
    // No other route exists.
    const { stack } = (started.app.getHttpAdapter().getInstance() as { router: { stack: Layer[] } }).router;
    const laid = stack.flatMap(({ route }) => (route ? Object.keys(route.methods).map((method) => `${method} ${route.path}`) : [])); // prettier-ignore
    expect(laid.sort()).toEqual(Object.keys(ROUTES).sort());
  });

  it.each(Object.entries(ROUTES))('%s requires %s or a higher role', async (route, needed) => {
    const { token } = TOKENS[2];
    for (const wrong of [
      undefined,
      'Bearer wrong-token-0123456789',
      `Bearer ${token}x`,
      `Basic ${token}`,
      token,
      'Bearer ',
    ]) {
      const { status, body } = await ask(route, wrong);
      if (needed === 'anyone') expect([401, 403].includes(status)).toBe(false);
      else expect([status, body.code]).toEqual([401, 'UNAUTHENTICATED']);
    }
    if (needed === 'anyone') return;
    const enough = TOKENS.findIndex(({ role }) => role === needed);
    for (const [index, { role, token }] of TOKENS.entries()) {
      const { status, body } = await ask(route, `Bearer ${token}`);
      if (index < enough) expect([role, status, body.code]).toEqual([role, 403, 'FORBIDDEN']);
      else expect([role, [401, 403].includes(status)]).toEqual([role, false]);
    }
  });

  it('of the app have none of the headers of the console', async () => {
    expect((await ask('get /open')).headers['content-security-policy']).toBeUndefined();
    expect((await ask('get /api/me')).headers['content-security-policy']).toMatch(/default-src 'self'/);
  });
});
