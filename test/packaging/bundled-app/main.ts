/**
 * The app of a user that is bundled into one file. STORES: its stores as JSON. On one after the other it runs a task, asks for the
 * pages of the dashboard and prints what it saw as one line of JSON.
 */
import 'reflect-metadata';
import { Injectable, Module, type DynamicModule, type INestApplication, type LogLevel } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { AdvancedTaskScheduler, ScheduledTask, SchedulerModule, type StoreOptions } from 'nestjs-advanced-scheduler';
import { SchedulerConsoleModule } from 'nestjs-advanced-scheduler-console';

@Injectable()
class Numbers {
  @ScheduledTask('numbers.double', { requireLock: true })
  double({ number }: { number: number }): number {
    return number * 2;
  }
}

@Module({})
class AppModule {
  static on(store: StoreOptions): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SchedulerModule.forRoot({ store }),
        SchedulerConsoleModule.forRoot({
          path: 'scheduler',
          auth: { tokens: [{ token: 'of-the-admin-0123456789', name: 'ada', role: 'admin' }] },
        }),
      ],
      providers: [Numbers],
    };
  }
}

/** @returns the statuses of the page and of the files that it names */
async function statusesOfPages(url: string): Promise<number[]> {
  const page = await fetch(`${url}/scheduler/dashboard/`);
  const paths = [...(await page.text()).matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, path]) => path);
  const files = await Promise.all(paths.map((path) => fetch(`${url}/scheduler/dashboard/${path}`)));
  return [page, ...files].map(({ status }) => status);
}

async function startOn(store: StoreOptions): Promise<INestApplication> {
  const logger: LogLevel[] = ['error', 'warn'];
  const app = await NestFactory.create(AppModule.on(store), new ExpressAdapter(), { logger });
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  const scheduler = app.get(AdvancedTaskScheduler);
  const id = await scheduler.scheduleTask('numbers.double', { payload: { number: 21 } });
  const { result } = await scheduler.waitForExecution(id, { timeout: '10s' });
  console.log(JSON.stringify({ result, pages: await statusesOfPages(await app.getUrl()) }));
  return app;
}

async function main(): Promise<void> {
  const apps: INestApplication[] = [];
  for (const store of JSON.parse(process.env.STORES!) as StoreOptions[]) apps.push(await startOn(store));
  // Ends when its parent has looked at it.
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('end', resolve));
  for (const app of apps) await app.close();
}

main().catch((error: unknown) => {
  console.error(String(error));
  process.exitCode = 1;
});
