import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { WaitTimeoutError, type AdvancedTaskScheduler, type TaskExecution } from 'nestjs-advanced-scheduler';
import { closeApps, startApp } from '../support/app.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

const KB = 1024;

/** Polls: on a busy machine a reply of this size may be late, and its effects are lost with it. */
async function endOf(scheduler: AdvancedTaskScheduler, executionId: string): Promise<TaskExecution> {
  for (;;) {
    try {
      return await scheduler.waitForExecution(executionId, { timeout: '5s' });
    } catch (error) {
      if (!(error instanceof WaitTimeoutError)) throw error;
    }
  }
}

describe('the results of many dependencies in an app on Redis', () => {
  let server: RedisServer;
  let namespaces = 0;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterEach(() => closeApps());
  afterAll(() => server.stop());

  it.each([
    { count: 120, size: 100 * KB },
    { count: 600, size: 10 },
  ])(
    '$count of $size bytes are all in ctx.results, in their order',
    async ({ count, size }) => {
      const { scheduler } = await startApp(
        {
          part: ({ i }: { i: number }) => String(i).padStart(size, '.'),
          join: (_payload, ctx) =>
            Object.entries(ctx.results).map(([ref, text]) => `${ref}:${Number((text as string).replaceAll('.', ''))}`),
        },
        { store: { type: 'redis', port: server.port }, namespace: `results${++namespaces}`, maxConcurrentTasks: 20 },
      );
      const refs = Array.from({ length: count }, (_, i) => `u${i}`);
      const { executions } = await scheduler.runWorkflow({
        name: 'wide',
        tasks: [
          ...refs.map((ref, i) => ({ ref, taskId: 'part', payload: { i } })),
          { taskId: 'join', dependencies: refs.map((ref) => ({ ref, type: 'success' as const })) },
        ],
      });
      const ended = await endOf(scheduler, executions['join']!);
      expect(ended.status).toBe('COMPLETED');
      expect(ended.result).toEqual(refs.map((ref, i) => `${ref}:${i}`));
    },
    120_000,
  );
});
