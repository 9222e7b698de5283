import type { INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AdvancedTaskScheduler } from 'nestjs-advanced-scheduler';

/** Prints one line of an example. */
export type Say = (line: string) => void;

/** Starts an app of this module, calls back with its scheduler, and closes the app in any case. */
export async function withScheduler<T>(
  module: Type,
  body: (scheduler: AdvancedTaskScheduler, app: INestApplicationContext) => Promise<T>,
): Promise<T> {
  const app = await NestFactory.createApplicationContext(module, { logger: ['warn', 'error'], abortOnError: false });
  app.enableShutdownHooks();
  try {
    return await body(app.get(AdvancedTaskScheduler), app);
  } finally {
    await app.close();
  }
}
