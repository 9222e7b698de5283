import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { openBullMq } from './bullmq.js';
import type { Subject, SubjectOptions } from './subject.js';

const SUBJECT = Symbol('subject');

/** BullMQ as a provider of a Nest app. */
export async function openBullMqInNest(options: SubjectOptions): Promise<Subject> {
  @Module({ providers: [{ provide: SUBJECT, useFactory: () => openBullMq(options) }] })
  class BenchModule {}
  const app = await NestFactory.createApplicationContext(BenchModule, { logger: ['error'] });
  app.enableShutdownHooks();
  return app.get<Subject>(SUBJECT);
}
