/**
 * An app with one run under way whose event loop stands still for a time, for cut-off.spec.ts. argv: the built library's
 * index.js, and settings as JSON. Talks to its parent by IPC.
 */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

const [index, text] = process.argv.slice(2);
const { url, namespace, lease, standFor, hold } = JSON.parse(text);
const { AdvancedTaskScheduler, ScheduledTask, SchedulerModule } = await import(index);
const say = (message) => new Promise((resolve) => process.send(message, resolve));

class Work {
  async t(_payload, { signal }) {
    await say({ begun: true });
    if (standFor > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, standFor);
    const code = await new Promise((resolve) => {
      const timer = setTimeout(() => resolve(null), hold);
      signal.addEventListener('abort', () => (clearTimeout(timer), resolve(signal.reason.code)));
    });
    await say({ code });
  }
}
ScheduledTask('t')(Work.prototype, 't', Object.getOwnPropertyDescriptor(Work.prototype, 't'));

class AppModule {}
const store = { type: 'redis', url };
Module({ imports: [SchedulerModule.forRoot({ store, namespace, lease })], providers: [Work] })(AppModule);
const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
await app.get(AdvancedTaskScheduler).scheduleTask('t');
