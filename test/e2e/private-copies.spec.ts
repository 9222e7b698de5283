import { afterAll, afterEach, expect, it } from '@jest/globals';
import { EventEmitter2 } from '@nestjs/event-emitter';
import { closeApps, startApp, type Tasks } from '../support/app.js';
import { removeStores, storeOf } from '../support/stores.js';

afterEach(closeApps);
afterAll(removeStores);

const TASKS: Tasks = {
  fails: (_payload, ctx) => {
    ctx.progress(0.5, 'half');
    ctx.log('a line');
    throw new Error('outer', { cause: new Error('inner') });
  },
  works: [{ tags: ['own'], retryConfig: { maxAttempts: 2 } }, () => ({ a: { b: 1 } })],
  depends: [{ dependencies: [{ taskId: 'works' }] }, () => 1],
};

/** Changes all that can be changed, at any depth. */
function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    spoil(item);
    (value as Record<string, unknown>)[key] = 'spoilt';
  }
}

it.each(['memory', 'embedded'] as const)('what the store %s returns or emits can be changed', async (name) => {
  const { scheduler, module } = await startApp(TASKS, await storeOf(name));
  module.get(EventEmitter2, { strict: false }).onAny((_name, event) => spoil(event));
  const failed = await scheduler.scheduleTask('fails', { payload: { a: [1, { b: 2 }] }, tags: ['x', 'y'] });
  const delayed = await scheduler.scheduleTask('works', { payload: ['a'], delay: '1h' });
  const run = await scheduler.runWorkflow({
    tasks: [
      { taskId: 'works' },
      { taskId: 'fails' },
      { taskId: 'depends', dependencies: [{ ref: 'fails', type: 'success' }] },
    ],
  });
  for (const id of [failed, ...Object.values(run.executions)]) await scheduler.waitForExecution(id);
  await scheduler.scheduleCronTask('works', '0 0 1 1 *', { payload: { a: { b: 1 } }, misfire: { all: 3 } });
  const reads: Record<string, () => Promise<unknown>> = {
    failed: () => scheduler.getTaskStatus(failed),
    delayed: () => scheduler.getTaskStatus(delayed),
    skipped: () => scheduler.getTaskStatus(run.executions.depends!),
    executions: () => scheduler.listExecutions(),
    workflow: () => scheduler.getWorkflow(run.workflowId),
    workflows: () => scheduler.listWorkflows(),
    schedules: () => scheduler.listCronTasks(),
    tasks: () => scheduler.listTasks(),
    queues: () => scheduler.listQueues(),
    why: () => scheduler.why(run.executions.depends!),
    errors: async () => (await scheduler.getHealthStatus()).recentErrors,
  };
  for (const [what, read] of Object.entries(reads)) {
    const before = JSON.stringify(await read());
    spoil(await read());
    expect([what, JSON.stringify(await read())]).toEqual([what, before]);
    expect([what, before]).not.toEqual([what, expect.stringContaining('spoilt')]);
  }
});
