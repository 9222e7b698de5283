/**
 * The app of a user that is bundled into one file. STORE: its store as JSON. Runs a task and prints what it saw as one line
 * of JSON.
 */
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AdvancedTaskScheduler, ScheduledTask, SchedulerModule, type StoreOptions } from 'nestjs-advanced-scheduler';

@Injectable()
class Numbers {
  @ScheduledTask('numbers.double', { requireLock: true })
  double({ number }: { number: number }): number {
    return number * 2;
  }
}

@Module({
  imports: [SchedulerModule.forRoot({ store: JSON.parse(process.env.STORE!) as StoreOptions })],
  providers: [Numbers],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: ['error', 'warn'] });
  app.enableShutdownHooks();
  const scheduler = app.get(AdvancedTaskScheduler);
  const id = await scheduler.scheduleTask('numbers.double', { payload: { number: 21 } });
  const { result } = await scheduler.waitForExecution(id, { timeout: '10s' });
  console.log(JSON.stringify({ result }));
  // Ends when its parent has looked at it.
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('end', resolve));
  await app.close();
}

void main();
