import { afterEach, expect, it } from '@jest/globals';
import type { LoggerService } from '@nestjs/common';
import { AdvancedTaskScheduler, TaskStatus } from 'nestjs-advanced-scheduler';
import { TASK_STORE, type TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import { closeApps, handlersOf, SILENT, startModule } from '../support/app.js';
import { until } from '../support/until.js';
import { closeAll, serve } from './fixtures.js';

afterEach(async () => {
  await closeApps();
  await closeAll();
});

const many = (taskId: string, count: number, more = {}) => Array.from({ length: count }, () => ({ taskId, ...more }));

it('older data is noticed, runs that it counts come back, and its counters are what a recount gives', async () => {
  const server = await serve();
  const ends: (() => void)[] = [];
  const tasks = handlersOf({
    short: () => 1,
    failing: () => {
      throw new Error('as planned');
    },
    held: () => new Promise<void>((resolve) => ends.push(resolve)),
  });
  const lines: string[] = [];
  const keep = (line: unknown): void => void lines.push(String(line));
  const logger: LoggerService = { ...SILENT, warn: keep, error: keep };
  const options = { store: { type: 'redis' as const, url: server.url }, lease: '10s', maxConcurrentTasks: 8 };
  const module = await startModule({ providers: [tasks] }, options, logger);
  const scheduler = module.get(AdvancedTaskScheduler);
  const store = module.get<TaskStore>(TASK_STORE, { strict: false });
  const ended = (ids: readonly string[]) => Promise.all(ids.map((id) => scheduler.waitForExecution(id as never)));
  const countOf = async (status: TaskStatus) => {
    const { items, nextCursor } = await scheduler.listExecutions({ status, limit: 1000 });
    expect(nextCursor).toBeNull();
    return items.length;
  };
  /** Compares every counter that a recount gives. */
  const compare = async (): Promise<Record<string, number>> => {
    const byStatus: Record<string, number> = {};
    for (const status of Object.values(TaskStatus)) byStatus[status] = await countOf(status);
    const all = Object.values(byStatus).reduce((sum, count) => sum + count, 0);
    const { COMPLETED: completed, FAILED: failed, CANCELLED: cancelled, SKIPPED: skipped } = byStatus;
    const stats = await store.stats();
    expect(stats.byStatus).toEqual(byStatus);
    expect(stats.counters).toMatchObject({ scheduled: all, completed, failed, cancelled, skipped });
    // Each run that was started and not released has ended, or is under way. Releases are as many as claims went back.
    const { started, released } = stats.counters;
    expect(started - released).toBe(completed! + failed! + byStatus.RUNNING!);
    return byStatus;
  };

  await ended(await scheduler.scheduleTasks([...many('short', 30), ...many('failing', 5)]));
  const held = await scheduler.scheduleTasks(many('held', 4));
  await scheduler.scheduleTasks(many('short', 7, { delay: '1h' }));
  await until(async () => ends.length === 4);
  await until(async () => (await countOf('RUNNING')) === 4);
  const before = await compare();
  await server.command('SAVE');

  ends.splice(0).forEach((end) => end());
  await ended(held);
  await ended(await scheduler.scheduleTasks([...many('short', 40), ...many('failing', 6)]));
  await server.kill();
  await server.start();

  await until(async () =>
    lines.some((line) => line === 'the store came back with older data: 46 acknowledged executions are lost'),
  );
  // By the older data these four run on the worker, which has ended them.
  await until(async () => ends.length === 4);
  await until(async () => (await countOf('RUNNING')) === 4);
  expect(await compare()).toEqual(before);
  await ended(await scheduler.scheduleTasks([...many('short', 20), ...many('failing', 2)]));
  ends.splice(0).forEach((end) => end());
  await ended(held);
  expect(await compare()).toMatchObject({ PENDING: 7, RUNNING: 0, COMPLETED: 54, FAILED: 7 });
}, 60_000);
