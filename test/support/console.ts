import 'reflect-metadata';
import type { INestApplication, LoggerService, ModuleMetadata } from '@nestjs/common';
import { ModulesContainer, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { AdvancedTaskScheduler, SchedulerModule, type SchedulerModuleOptions } from 'nestjs-advanced-scheduler';
import { SchedulerConsoleModule, type SchedulerConsoleOptions } from 'nestjs-advanced-scheduler-console';
import type { AddressInfo } from 'node:net';
import request from 'supertest';
import { handlersOf, SILENT, type Tasks } from './app.js';

export const TOKENS = [
  { token: 'viewer-token-0123456789', name: 'vera', role: 'viewer' },
  { token: 'operator-token-0123456789', name: 'otto', role: 'operator' },
  { token: 'admin-token-0123456789', name: 'ada', role: 'admin' },
] as const;
export type Role = (typeof TOKENS)[number]['role'];
export type Method = 'get' | 'post' | 'put' | 'delete';
export type Platform = 'express' | 'fastify';

const open: INestApplication[] = [];

export interface ConsoleSetting {
  platform?: Platform;
  /** In the place of the platform's own. */
  adapter?: AbstractHttpAdapter;
  console?: SchedulerConsoleOptions;
  scheduler?: SchedulerModuleOptions;
  app?: ModuleMetadata;
  /** What an app says of itself before it listens, such as its global prefix. */
  prepare?: (app: INestApplication) => void;
  /** Default: silent. */
  logger?: LoggerService;
}

/** An app with a console, listening on loopback, over real HTTP. */
export async function startConsole(tasks: Tasks, setting: ConsoleSetting = {}) {
  const app = await makeConsole(tasks, setting);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  /** A request as a role; null: as nobody. */
  const call = (role: Role | null, method: Method, path: string) => {
    const started = request(url)[method](path);
    const token = TOKENS.find((each) => each.role === role)?.token;
    return token ? started.set('Authorization', `Bearer ${token}`) : started;
  };
  return { app, port, url, call, scheduler: app.get(AdvancedTaskScheduler) };
}

export async function makeConsole(tasks: Tasks, { platform = 'express', ...setting }: ConsoleSetting = {}) {
  const console = { auth: { tokens: TOKENS }, rateLimit: false as const, ...setting.console };
  const module = await Test.createTestingModule({
    ...setting.app,
    imports: [
      SchedulerModule.forRoot(setting.scheduler),
      SchedulerConsoleModule.forRoot(console),
      ...(setting.app?.imports ?? []),
    ],
    providers: [handlersOf(tasks), ...(setting.app?.providers ?? [])],
  })
    .setLogger(setting.logger ?? SILENT)
    .compile();
  const adapter = setting.adapter ?? (platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter());
  const app = module.createNestApplication(adapter);
  setting.prepare?.(app);
  open.push(app);
  return app;
}

/** For afterEach or afterAll. */
export async function closeConsoles(): Promise<void> {
  for (const app of open.splice(0)) await app.close();
}

/** Every route of every controller of the app, whoever has mounted it. */
export function routesOf(app: { get: (token: typeof ModulesContainer) => ModulesContainer }): [Method, string][] {
  const methods: Method[] = ['get', 'post', 'put', 'delete'];
  const controllers = [...app.get(ModulesContainer).values()].flatMap((module) => [...module.controllers.values()]);
  return controllers.flatMap(({ metatype }) => {
    const base = String(Reflect.getMetadata('path', metatype!));
    const found: [Method, string][] = [];
    for (let type = metatype!.prototype; type !== Object.prototype; type = Object.getPrototypeOf(type))
      for (const name of Object.getOwnPropertyNames(type)) {
        if (name === 'constructor') continue;
        const paths = Reflect.getMetadata('path', type[name]) as string | string[] | undefined;
        if (paths === undefined) continue;
        const method = methods[Reflect.getMetadata('method', type[name]) as number]!;
        for (const path of [paths].flat())
          found.push([method, `/${base}/${path}`.replaceAll(/\/+/g, '/').replace(/(?<=.)\/$/, '')]);
      }
    return found;
  });
}
