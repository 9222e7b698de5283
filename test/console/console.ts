import type { AdvancedTaskScheduler, SchedulerModuleOptions } from 'nestjs-advanced-scheduler';
import { AdvancedTaskScheduler as Scheduler, SchedulerModule, SchedulerProbesModule } from 'nestjs-advanced-scheduler';
import { SchedulerConsoleModule, type SchedulerConsoleOptions } from 'nestjs-advanced-scheduler-console';
import { Test } from '@nestjs/testing';
import type { INestApplication } from '@nestjs/common';
import { handlersOf, SILENT, type Tasks } from '../support/app.js';

export const ADMIN = 'admin-token-for-tests';
export const OPERATOR = 'operator-token-for-tests';
export const VIEWER = 'viewer-token-for-tests';

export const TOKENS = [
  { token: ADMIN, name: 'ada', role: 'admin' },
  { token: OPERATOR, name: 'otto', role: 'operator' },
  { token: VIEWER, name: 'vera', role: 'viewer' },
] as const;

/** An app with its console at /ops, over real HTTP. */
export interface Console {
  app: INestApplication;
  scheduler: AdvancedTaskScheduler;
  /** Of the app, without a path. */
  url: string;
  /** Asks the console, by a path within it. */
  fetch(path: string, init?: RequestInit & { token?: string }): Promise<Response>;
  close(): Promise<void>;
}

export async function startConsole(
  tasks: Tasks,
  options: Partial<SchedulerConsoleOptions> = {},
  scheduling: SchedulerModuleOptions = {},
): Promise<Console> {
  const module = await Test.createTestingModule({
    imports: [
      SchedulerModule.forRoot(scheduling),
      SchedulerProbesModule.register(),
      SchedulerConsoleModule.forRoot({ path: 'ops', auth: { tokens: TOKENS }, rateLimit: false, ...options }),
    ],
    providers: [handlersOf(tasks)],
  })
    .setLogger(SILENT)
    .compile();
  const app = module.createNestApplication({ forceCloseConnections: true });
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  return {
    app,
    scheduler: app.get<AdvancedTaskScheduler>(Scheduler),
    url,
    fetch: (path, { token, ...init } = {}) =>
      fetch(`${url}/ops${path}`, {
        ...init,
        headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...init.headers },
      }),
    close: () => app.close(),
  };
}
