import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { AdvancedTaskScheduler } from 'nestjs-advanced-scheduler';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { AppModule } from './app.module.js';
import { ConfigError } from './config/config-error.js';

const cwd = process.cwd();
const env = { ...process.env };
let dir: string;
let app: INestApplication | null = null;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'residency-app-'));
  process.chdir(dir);
});
afterEach(async () => {
  await app?.close();
  app = null;
  process.env = { ...env };
  process.chdir(cwd);
  await rm(dir, { recursive: true, force: true });
});

async function boot(): Promise<INestApplication> {
  app = await NestFactory.create(await AppModule.register(), { logger: false, abortOnError: false });
  app.enableShutdownHooks();
  return app.init();
}

describe('AppModule', () => {
  it('answers its probes, and 503 to readiness once it stops claiming', async () => {
    const server = (await boot()).getHttpServer();
    for (const probe of ['live', 'ready', 'startup']) await request(server).get(`/health/${probe}`).expect(200);
    await app!.get(AdvancedTaskScheduler).stop();
    await request(server).get('/health/ready').expect(503);
    await request(server).get('/health/live').expect(200);
  });

  it('leads from / to the dashboard', async () => {
    const server = (await boot()).getHttpServer();
    await request(server).get('/').expect(302).expect('Location', '/dashboard/');
  });

  it('reads .env, which the environment overrides', async () => {
    await writeFile('.env', 'MAX_CONCURRENT_TASKS=3\nHISTORY_COUNT=50\nNIGHTLY_CRON="45 4 * * *"\n');
    process.env.MAX_CONCURRENT_TASKS = '4';
    const booted = await boot();
    expect(booted.get(ConfigService).get('HISTORY_COUNT')).toBe(50);
    const health = await booted.get(AdvancedTaskScheduler).getHealthStatus();
    expect(health.maxConcurrentTasks).toBe(4);
    const [nightly] = await booted.get(AdvancedTaskScheduler).listCronTasks();
    expect(nightly!.cronExpression).toBe('45 4 * * *');
  });

  it.each([
    ['the environment', async () => void (process.env.LEASE = 'abc')],
    ['.env', () => writeFile('.env', 'LEASE=abc\n')],
  ])('refuses a wrong variable of %s before anything starts', async (_where, set) => {
    await set();
    await expect(AppModule.register()).rejects.toThrow(ConfigError);
    await expect(AppModule.register()).rejects.toThrow(/^LEASE: "abc" is not allowed/);
  });

  it('refuses a name in .env that is nearly a known one, and leaves the names of the process alone', async () => {
    process.env.REDIS_PORT_6379_TCP = 'tcp://10.0.0.1:6379'; // as Kubernetes sets it for a service named redis
    await writeFile('.env', 'NODE_ENV=production\nLOG_LEVEL=debug\n');
    await boot();
    await writeFile('.env', 'HISTROY_COUNT=50\n');
    await expect(AppModule.register()).rejects.toThrow(
      /^HISTROY_COUNT: this name in \.env is not allowed; allowed: HISTORY_COUNT /,
    );
  });

  it('refuses a data directory that cannot be made', async () => {
    process.env.STORE_PATH = 'store.db';
    await writeFile('data', '');
    await expect(boot()).rejects.toThrow(/^DATA_DIR: /);
  });

  it('refuses a store that cannot be opened, and says which', async () => {
    await writeFile('data', '');
    await expect(boot()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining(join('data', 'scheduler.db')),
    });
  });
});
