/**
 * The app of a user that is bundled into one file. STORE: its store as JSON. Runs a task, asks for the pages of the dashboard
 * and prints what it saw as one line of JSON.
 */
import 'reflect-metadata';
import { Injectable, Module, type LogLevel } from '@nestjs/common';
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

@Module({
  imports: [
    SchedulerModule.forRoot({ store: JSON.parse(process.env.STORE!) as StoreOptions }),
    SchedulerConsoleModule.forRoot({
      path: 'scheduler',
      auth: { tokens: [{ token: 'of-the-admin-0123456789', name: 'ada', role: 'admin' }] },
    }),
  ],
  providers: [Numbers],
})
class AppModule {}

/** @returns the statuses of the page and of the files that it names */
async function statusesOfPages(url: string): Promise<number[]> {
  const page = await fetch(`${url}/scheduler/dashboard/`);
  const paths = [...(await page.text()).matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, path]) => path);
  const files = await Promise.all(paths.map((path) => fetch(`${url}/scheduler/dashboard/${path}`)));
  return [page, ...files].map(({ status }) => status);
}

async function main(): Promise<void> {
  const logger: LogLevel[] = ['error', 'warn'];
  const app = await NestFactory.create(AppModule, new ExpressAdapter(), { logger });
  app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  const scheduler = app.get(AdvancedTaskScheduler);
  const id = await scheduler.scheduleTask('numbers.double', { payload: { number: 21 } });
  const { result } = await scheduler.waitForExecution(id, { timeout: '10s' });
  console.log(JSON.stringify({ result, pages: await statusesOfPages(await app.getUrl()) }));
  // Ends when its parent has looked at it.
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('end', resolve));
  await app.close();
}

main().catch((error: unknown) => {
  console.error(String(error));
  process.exitCode = 1;
});
