import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { buildApp } from '../support/built-library.js';
import { freePort, startRedis, type RedisServer } from '../support/redis-server.js';
import { until } from '../support/until.js';

jest.setTimeout(110_000);

const PASSWORD = 'hunter2';

let app: ReturnType<typeof buildApp>;
let redis: RedisServer;
let dir: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  app = buildApp('redis-app');
  redis = await startRedis({ args: ['--requirepass', PASSWORD, '--appendonly', 'yes'] });
  dir = mkdtempSync(join(tmpdir(), 'redis-app-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  await redis?.stop();
  app?.remove();
  rmSync(dir, { recursive: true, force: true });
});

type Variables = Record<string, string>;

/** An instance of the service; `line` resolves with the first line of its log that matches. */
function start(variables: Variables) {
  const env = { PATH: process.env.PATH, STORE: 'redis', PORT: '0', RUN_WORKFLOW_ON_START: 'false', ...variables };
  const child = spawn(process.execPath, [app.main], { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream).on('line', (line) => {
      lines.push(line);
      for (const look of waiting) look();
    });
  const exited = once(child, 'close') as Promise<[number | null, string | null]>;
  const line = (pattern: RegExp): Promise<RegExpMatchArray> => {
    const found = new Promise<RegExpMatchArray>((resolve) => {
      const look = (): void => {
        const match = lines.map((each) => pattern.exec(each)).find((each) => each !== null);
        if (match) resolve(match);
      };
      waiting.add(look);
      look();
    });
    const ended = exited.then(() => Promise.reject(new Error(`it ended without ${pattern}:\n${lines.join('\n')}`)));
    return Promise.race([found, ended]);
  };
  return { child, lines, line, exited };
}

const own = (): Variables => ({ REDIS_URL: redis.url, REDIS_PASSWORD: PASSWORD });

/** Output and exit code of a process that cannot start. */
async function refusal(variables: Variables): Promise<{ code: number | null; said: string }> {
  const { lines, exited } = start(variables);
  const [code] = await exited;
  return { code, said: lines.filter((line) => !line.includes('WARN')).join('\n') };
}

describe('the service with STORE=redis', () => {
  it('refuses wrong variables in one line with exit code 78, and shows no secret', async () => {
    const wrong = await refusal({ REDIS_URL: `redis://me:${PASSWORD}@h:99999` });
    expect(wrong.said).toMatch(/^REDIS_URL: "redis:\/\/\*\*\*@h:99999" is not allowed; allowed: redis:.*$/);
    const ended = await refusal({ REDIS_PASSWORD: `${PASSWORD}\n` });
    expect(ended.said).toMatch(/^REDIS_PASSWORD: \*\*\* is not allowed; allowed: .*$/);
    expect([wrong.code, ended.code]).toEqual([78, 78]);
  });

  it('reports in one line why Redis denies access, code 78, or that it is down, code 69', async () => {
    const denied = await refusal({ REDIS_URL: redis.url, REDIS_PASSWORD: `not-${PASSWORD}` });
    expect(denied.said).toMatch(/^REDIS_URL, REDIS_PASSWORD: "redis:.*" cannot be used: .*\(STORE_ACCESS_DENIED\)$/);
    const down = await refusal({ REDIS_URL: `redis://me:${PASSWORD}@127.0.0.1:${await freePort()}` });
    expect(down.said).toMatch(/^REDIS_URL: "redis:\/\/\*\*\*@127.*ECONNREFUSED.*\(STORE_UNAVAILABLE\)$/);
    expect(`${denied.said}${down.said}`).not.toContain(PASSWORD);
    expect([denied.code, down.code]).toEqual([78, 69]);
  });

  it('shares its work with a second instance, which finishes the work of the first when that is killed', async () => {
    const variables = { ...own(), NAMESPACE: 'shared', LEASE: '1s', MAIL_GATEWAY_FAILURES: '1' };
    const second = start(variables);
    await second.line(/serving/);
    const first = start({ ...variables, RUN_WORKFLOW_ON_START: 'true' });
    await first.line(/workflow \S+: 8 steps/);
    // Received here, wherever it runs: the mail is refused once, so its step is retried.
    await second.line(/↻ Notify staff/);
    first.child.kill('SIGKILL');
    await second.line(/✔ Publish schedule/);
    expect(second.lines.join('\n')).not.toMatch(/8 steps/);
    second.child.kill('SIGTERM');
    expect(await second.exited).toEqual([0, null]);
  });

  it('is alive but not ready while its Redis is down, and becomes ready again by itself', async () => {
    const { line } = start(own());
    const [, base] = await line(/probes: (http:\S+)\/health\/live/);
    const status = async (probe: string): Promise<number> => (await fetch(`${base}/health/${probe}`)).status;
    expect(await status('ready')).toBe(200);
    await redis.kill();
    // A reply of the store is cached for a second.
    await until(async () => (await status('ready')) === 503);
    expect(await status('live')).toBe(200);
    await redis.start();
    await until(async () => (await status('ready')) === 200);
  });
});
