import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readDashboardFiles } from '../../libs/scheduler-console/src/dashboard/dashboard-files.js';
import { closeConsoles, startConsole, type Platform } from '../support/console.js';
import { buildDashboard } from '../support/build-dashboard.js';

const MAX_GZIP_BYTES = 300_000;

afterAll(closeConsoles);

describe.each<Platform>(['express', 'fastify'])('the pages of the dashboard on %s', (platform) => {
  let url: string;
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/ops/${path}`, { redirect: 'manual', headers });

  beforeAll(async () => {
    buildDashboard();
    ({ url } = await startConsole({ echo: (payload) => payload }, { platform, console: { path: 'ops' } }));
  });

  it('are in a folder; the address without a slash redirects to it', async () => {
    const reply = await get('dashboard?a=1');
    expect([reply.status, reply.headers.get('location')]).toEqual([302, 'dashboard/']);
    expect(new URL(reply.headers.get('location')!, `${url}/ops/dashboard`).pathname).toBe('/ops/dashboard/');
  });

  it('allow only resources of this origin, and no frames', async () => {
    const reply = await get('dashboard/');
    expect(reply.status).toBe(200);
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(/^default-src 'self';.*frame-ancestors 'none'/),
    });
    const html = await reply.text();
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|https?:\/\//i);
  });

  it('have less than 300 kB in total', () => {
    const bytes = [...readDashboardFiles().values()].reduce((sum, { gzip }) => sum + gzip.length, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(MAX_GZIP_BYTES);
  });

  it('include all they need, compressed and with immutable caching', async () => {
    const html = await (await get('dashboard/')).text();
    const assets = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, asset]) => asset!);
    expect(assets.map((asset) => asset.split('.').pop()).sort()).toEqual(['css', 'js']);
    const script = await (await get(`dashboard/${assets.find((asset) => asset.endsWith('.js'))}`)).text();
    const [worker] = /layout\.worker-[\w-]+\.js/.exec(script)!;
    for (const asset of [...assets, `assets/${worker}`]) {
      const reply = await get(`dashboard/${asset}`, { 'accept-encoding': 'gzip' });
      expect(reply.status).toBe(200);
      expect(Object.fromEntries(reply.headers)).toMatchObject({
        'content-type': asset.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8',
        'content-encoding': 'gzip',
        'cache-control': 'public, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
      });
      await reply.arrayBuffer();
    }
  });

  it('are not sent again to a client that has them', async () => {
    const { headers } = await get('dashboard/');
    const reply = await get('dashboard/', { 'if-none-match': headers.get('etag')! });
    expect([reply.status, await reply.text()]).toEqual([304, '']);
  });

  it.each([
    'dashboard/nothing.js',
    'dashboard/assets/',
    'dashboard/assets/nothing.js',
    'dashboard/..%2f..%2fpackage.json',
    'dashboard/%2e%2e%2fpackage.json',
    'dashboard/assets/..%2findex.html',
    'dashboard/assets/..%5c..%5cpackage.json',
    'dashboard/assets/%2fetc%2fpasswd',
    'dashboard/__proto__',
    'dashboard/constructor',
  ])('do not respond to %s', async (path) => {
    const reply = await get(path);
    expect(reply.status).toBe(404);
    expect(await reply.text()).not.toMatch(/"name":|root:|<html/);
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
    expect(reply.headers.get('content-security-policy')).toMatch(/frame-ancestors 'none'/);
    expect(reply.headers.get('x-powered-by')).toBeNull();
  });
});
