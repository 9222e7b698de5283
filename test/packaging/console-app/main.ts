/**
 * The app of a user with the packed library and console, on the platform named as its argument. Prints what a caller sees
 * as one line of JSON.
 */
import 'reflect-metadata';
import { Injectable, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ScheduledTask, SchedulerModule } from 'nestjs-advanced-scheduler';
import { SchedulerConsoleModule, type SchedulerConsoleOptions } from 'nestjs-advanced-scheduler-console';

const TOKEN = 'of-the-admin-0123456789';
const options: SchedulerConsoleOptions = {
  path: 'ops',
  auth: { tokens: [{ token: TOKEN, name: 'ada', role: 'admin' }] },
};

@Injectable()
class Numbers {
  @ScheduledTask('numbers.double')
  double({ number }: { number: number }): number {
    return number * 2;
  }
}

@Module({
  imports: [SchedulerModule.forRoot(), SchedulerConsoleModule.forRoot(options)],
  providers: [Numbers],
})
class AppModule {}

const logger = { logger: ['error', 'warn'] as ('error' | 'warn')[] };

function create(): Promise<INestApplication> {
  return process.argv[2] === 'fastify'
    ? NestFactory.create(AppModule, new FastifyAdapter(), logger)
    : NestFactory.create(AppModule, logger);
}

async function main(): Promise<void> {
  const app = await create();
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  const base = `${(await app.getUrl()).replace('[::1]', 'localhost')}/ops`;
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const call = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`${base}/${path}`, { headers, ...init });

  const html = await (await call('dashboard/', { headers: {} })).text();
  const assets = [...html.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, path]) => `dashboard/${path}`);
  const statuses = await Promise.all(assets.map(async (path) => (await call(path, { headers: {} })).status));
  const body = JSON.stringify({ payload: { number: 21 } });
  const scheduled = await call('api/tasks/numbers.double/executions', { method: 'POST', body });
  const { executionId } = (await scheduled.json()) as { executionId: string };
  const execution = async (): Promise<{ status: string; result: unknown }> =>
    (await (await call(`api/executions/${executionId}`)).json()) as { status: string; result: unknown };
  let seen = await execution();
  while (seen.status !== 'COMPLETED') seen = await execution();
  const metrics = await call('metrics');
  console.log(
    JSON.stringify({
      title: /<title>(.*)<\/title>/.exec(html)?.[1],
      assets: statuses,
      anonymous: [(await call('api/me', { headers: {} })).status, (await call('metrics', { headers: {} })).status],
      me: await (await call('api/me')).json(),
      result: seen.result,
      metrics: [metrics.status, /^scheduler_\w+/m.exec(await metrics.text()) !== null],
      ticket: (await call('api/live/tickets', { method: 'POST', body: '{}' })).status,
    }),
  );
  await app.close();
}

void main();
