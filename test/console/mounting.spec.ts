import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VersioningType, type INestApplication } from '@nestjs/common';
import type { Browser } from 'playwright-core';
import { io } from 'socket.io-client';
import { buildDashboard } from '../support/build-dashboard.js';
import { closeConsoles, startConsole, TOKENS, type Platform } from '../support/console.js';
import { openPage, signIn, startChromium, visit } from '../support/dashboard.js';

const ADMIN = TOKENS[2].token;

/** Ways to mount it, and where it must answer. */
const MOUNTINGS: readonly [
  title: string,
  path: string | undefined,
  prepare: (app: INestApplication) => void,
  at: string,
][] = [
  ['at the root', undefined, () => undefined, ''],
  ['at a path of two parts', '/admin/jobs/', () => undefined, '/admin/jobs'],
  ['behind a global prefix', 'ops', (app) => app.setGlobalPrefix('x'), '/x/ops'],
  ['at the root behind a global prefix', undefined, (app) => app.setGlobalPrefix('/x/y/'), '/x/y'],
  ['excluded from a global prefix', 'ops', (app) => app.setGlobalPrefix('x', { exclude: ['ops/{*rest}'] }), '/ops'],
  [
    'in an app with versions',
    'ops',
    (app) => app.enableVersioning({ type: VersioningType.URI, defaultVersion: '7' }),
    '/ops',
  ],
];

let browser: Browser;

beforeAll(async () => {
  buildDashboard();
  browser = await startChromium();
});
afterAll(async () => {
  await browser?.close();
  await closeConsoles();
});

describe.each<Platform>(['express', 'fastify'])('on %s', (platform) => {
  describe.each(MOUNTINGS)('the console %s', (_title, path, prepare, at) => {
    let base: string;
    let origin: string;

    beforeAll(async () => {
      const { url } = await startConsole({ echo: (payload) => payload }, { platform, prepare, console: { path } });
      [origin, base] = [url, `${url}${at}`];
    });

    const status = async (address: string, token?: string): Promise<number> =>
      (await fetch(address, { headers: token ? { authorization: `Bearer ${token}` } : {}, redirect: 'manual' })).status;

    it('responds at its address, and requires authentication', async () => {
      expect(await status(`${base}/api/me`)).toBe(401);
      expect(await status(`${base}/api/me`, ADMIN)).toBe(200);
      expect(await status(`${base}/metrics`)).toBe(401);
      expect(await status(`${base}/metrics`, ADMIN)).toBe(200);
      expect(await status(`${base}/dashboard`)).toBe(302);
      expect(await status(`${base}/dashboard/`)).toBe(200);
    });

    it('reports errors of a body, and the path of its routes', async () => {
      const headers = { authorization: `Bearer ${ADMIN}`, 'content-type': 'application/json' };
      const reply = await fetch(`${base}/api/tasks/echo/executions`, {
        method: 'POST',
        headers,
        body: '{ "payload": ',
      });
      expect(reply.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(await reply.json()).toMatchObject({ status: 400, code: 'INVALID_JSON' });
      const document = await fetch(`${base}/api/docs/openapi.json`, { headers });
      expect(Object.keys(((await document.json()) as { paths: object }).paths)).toContain(`${at}/api/me`);
    });

    it('has its live channel at the same path', async () => {
      const socket = io(origin, {
        path: `${at}/live`,
        transports: ['websocket'],
        extraHeaders: { authorization: `Bearer ${ADMIN}` },
        reconnection: false,
        forceNew: true,
      });
      const hello = await new Promise((resolve, reject) => {
        socket.once('hello', resolve);
        socket.once('connect_error', reject);
      });
      expect(hello).toMatchObject({ seq: expect.any(Number) });
      socket.disconnect();
    });

    it('serves its pages, live', async () => {
      const { page, faults, close } = await openPage(browser);
      await signIn(page, `${base}/dashboard`, ADMIN);
      await page.locator('.live[data-live=live]').waitFor();
      await visit(page, 'executions', 'Executions');
      await page.getByText('Nothing has been scheduled yet').waitFor();
      await close();
      expect(faults).toEqual([]);
    });
  });
});
