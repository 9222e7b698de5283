import 'reflect-metadata';
import { expect, it } from '@jest/globals';
import { Controller, Injectable, Post, type INestApplication } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import { AdvancedTaskScheduler, ScheduledTask, SchedulerModule, type ExecutionEvent } from 'nestjs-advanced-scheduler';
import request from 'supertest';
import { SILENT } from '../support/app.js';
import { describeEveryStore } from '../support/every-store.js';

const TENANTS = ['red', 'green', 'blue'];
const EACH = 20;

interface Job {
  tenant: string;
}

/** The tenant of the current request, set by a middleware. */
const cls = new AsyncLocalStorage<string>();

@Injectable()
class Jobs {
  readonly leaks: string[] = [];
  readonly done: string[] = [];

  @ScheduledTask('job', { retryConfig: { strategy: 'FIXED', maxAttempts: 2, initialDelay: 1 } })
  async run({ tenant }: Job, ctx: { attempt: number }): Promise<string> {
    this.look('run', tenant);
    // Like a guard for jobs: from the payload, for this run only.
    cls.enterWith(tenant);
    await new Promise(setImmediate);
    if (cls.getStore() !== tenant) this.leaks.push(`${tenant} became ${cls.getStore()}`);
    if (ctx.attempt === 1) throw new Error('once more');
    this.done.push(tenant);
    return tenant;
  }

  @OnEvent('scheduler.execution.started')
  @OnEvent('scheduler.execution.completed')
  onEvent(event: ExecutionEvent): void {
    this.look('listener', event.executionId);
  }

  private look(where: string, of: string): void {
    if (cls.getStore() !== undefined) this.leaks.push(`${where} of ${of} sees ${cls.getStore()}`);
  }
}

@Controller()
class JobsController {
  constructor(private readonly scheduler: AdvancedTaskScheduler) {}

  @Post('jobs')
  async schedule(): Promise<Job> {
    const id = await this.scheduler.scheduleTask('job', { payload: { tenant: cls.getStore() } });
    await this.scheduler.waitForExecution(id);
    // After the wait the context is still that of the request.
    return { tenant: cls.getStore()! };
  }
}

const PLATFORMS = { Express: () => new ExpressAdapter(), Fastify: () => new FastifyAdapter() };

describeEveryStore('three tenants at once over HTTP', (fresh) => {
  it.each(['Express', 'Fastify'] as const)('have jobs without data of another tenant, on %s', async (platform) => {
    const module = await Test.createTestingModule({
      imports: [SchedulerModule.forRoot({ ...fresh(), maxConcurrentTasks: 2 })],
      controllers: [JobsController],
      providers: [Jobs],
    })
      .setLogger(SILENT)
      .compile();
    const app: INestApplication = module.createNestApplication(PLATFORMS[platform]());
    app.use((request: IncomingMessage, _response: unknown, next: () => void) =>
      cls.run(String(request.headers['x-tenant']), next),
    );
    await app.listen(0, '127.0.0.1');
    try {
      const url = await app.getUrl();
      const asked = Array.from({ length: EACH * TENANTS.length }, (_, i) => TENANTS[i % TENANTS.length]!);
      const answers = await Promise.all(asked.map((tenant) => request(url).post('/jobs').set('x-tenant', tenant)));
      expect(answers.map(({ body }) => (body as Job).tenant)).toEqual(asked);
      const jobs = app.get(Jobs);
      expect(jobs.leaks).toEqual([]);
      expect(jobs.done.sort()).toEqual(asked.sort());
    } finally {
      await app.close();
    }
  });
});
