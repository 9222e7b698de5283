/**
 * An app of many tenants with nestjs-cls, on the stores of STORES (JSON), each on Express and on Fastify. Three tenants call it
 * at once. Prints what it saw as one line of JSON.
 */
import 'reflect-metadata';
import { Controller, Injectable, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OnEvent } from '@nestjs/event-emitter';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  AdvancedTaskScheduler,
  ScheduledTask,
  SchedulerModule,
  type StoreOptions,
  type TaskContext,
} from 'nestjs-advanced-scheduler';
import { ClsModule, ClsService } from 'nestjs-cls';

const TENANTS = ['red', 'green', 'blue'];
const CALLS = 30;

const leaks: string[] = [];
const done: string[] = [];

@Injectable()
class Jobs {
  constructor(private readonly cls: ClsService) {}

  @ScheduledTask('job', { retryConfig: { strategy: 'FIXED', maxAttempts: 2, initialDelay: 1 } })
  async run({ tenant }: { tenant: string }, ctx: TaskContext): Promise<string> {
    this.look(`run for ${tenant}`);
    this.cls.enter();
    this.cls.set('tenant', tenant);
    await new Promise(setImmediate);
    const seen = this.cls.get<string>('tenant');
    if (seen !== tenant) leaks.push(`${tenant} became ${seen}`);
    if (ctx.attempt === 1) throw new Error('once more');
    done.push(tenant);
    return tenant;
  }

  @OnEvent('scheduler.execution.completed')
  onCompleted(): void {
    this.look('listener');
  }

  private look(where: string): void {
    if (this.cls.isActive()) leaks.push(`${where} sees ${this.cls.get<string>('tenant')}`);
  }
}

@Controller()
class JobsController {
  constructor(
    private readonly scheduler: AdvancedTaskScheduler,
    private readonly cls: ClsService,
  ) {}

  @Post('jobs')
  async schedule(): Promise<{ tenant: string }> {
    const id = await this.scheduler.scheduleTask('job', { payload: { tenant: this.cls.get<string>('tenant') } });
    await this.scheduler.waitForExecution(id, { timeout: '20s' });
    return { tenant: this.cls.get<string>('tenant') };
  }
}

async function call(url: string, tenant: string): Promise<boolean> {
  const answer = await fetch(`${url}/jobs`, { method: 'POST', headers: { 'x-tenant': tenant } });
  const { tenant: seen } = (await answer.json()) as { tenant: string };
  return seen === tenant;
}

async function serve(store: StoreOptions, useEnterWith: boolean): Promise<boolean> {
  @Module({
    imports: [
      ClsModule.forRoot({
        global: true,
        middleware: {
          mount: true,
          useEnterWith,
          setup: (cls, request: { headers: Record<string, string> }) => cls.set('tenant', request.headers['x-tenant']),
        },
      }),
      SchedulerModule.forRoot({ store, maxConcurrentTasks: 2 }),
    ],
    controllers: [JobsController],
    providers: [Jobs],
  })
  class AppModule {}
  const adapter = useEnterWith ? new FastifyAdapter() : new ExpressAdapter();
  const app = await NestFactory.create(AppModule, adapter, { logger: ['error'] });
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const answers = await Promise.all(Array.from({ length: CALLS }, (_, i) => call(url, TENANTS[i % TENANTS.length]!)));
  await app.close();
  return answers.every(Boolean);
}

async function main(): Promise<void> {
  const answered: boolean[] = [];
  for (const store of JSON.parse(process.env.STORES!) as StoreOptions[])
    for (const useEnterWith of [false, true]) answered.push(await serve(store, useEnterWith));
  console.log(JSON.stringify({ answered, leaks, done: done.length }));
}

void main();
