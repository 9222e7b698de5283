import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { closeApps, gate, startApp } from '../support/app.js';
import { removeStores, storeOf } from '../support/stores.js';

jest.setTimeout(60_000);
afterEach(closeApps);
afterAll(removeStores);

const turn = () => new Promise((resolve) => setTimeout(resolve, 100));

describe.each(['memory', 'embedded', 'redis'] as const)('slots of runs that wait for other executions, %s', (name) => {
  it('are reported by health and by why()', async () => {
    const both = gate();
    let begun = 0;
    const children: string[] = [];
    const app: Awaited<ReturnType<typeof startApp>> = await startApp(
      {
        parent: async (_, { signal }) => {
          if (++begun === 2) both.open();
          await both.opened;
          const child = await app.scheduler.scheduleTask('child');
          children.push(child);
          await app.scheduler.waitForExecution(child, { signal });
        },
        child: () => 'ran',
      },
      { ...(await storeOf(name)), maxConcurrentTasks: 2, lease: '1500ms', shutdown: { drain: '50ms' } },
    );
    const { scheduler } = app;
    await scheduler.scheduleTasks([{ taskId: 'parent' }, { taskId: 'parent' }]);
    let health = await scheduler.getHealthStatus();
    while (health.status !== 'degraded') {
      await turn();
      health = await scheduler.getHealthStatus();
    }
    const problem = 'all 2 slots have been occupied for';
    expect(health.problems.join()).toContain(problem);
    const why = (await scheduler.why(children[0]!))!;
    expect(why.text).toContain(problem);
    expect(why.text).toContain("'child'");
    await scheduler.cancelTask(children[0]!);
    await scheduler.cancelTask(children[1]!);
    while (health.status !== 'healthy') {
      await turn();
      health = await scheduler.getHealthStatus();
    }
  });

  it('are reported if they wait for the end of a workflow, and if another worker is as full', async () => {
    const fresh = { ...(await storeOf(name)), maxConcurrentTasks: 2, lease: '1500ms', shutdown: { drain: '50ms' } };
    const start = async () => {
      const app: Awaited<ReturnType<typeof startApp>> = await startApp(
        {
          parent: async (_, { signal }) => {
            const { executions } = await app.scheduler.runWorkflow({
              tasks: [{ taskId: 'child' }, { ref: 'last', taskId: 'child', dependencies: [{ ref: 'child' }] }],
            });
            await app.scheduler.waitForExecution(executions.last!, { signal });
          },
          child: () => 'ran',
        },
        fresh,
      );
      return app.scheduler;
    };
    const schedulers = [await start(), ...(name === 'redis' ? [await start()] : [])];
    await schedulers[0]!.scheduleTasks(Array.from({ length: 2 * schedulers.length }, () => ({ taskId: 'parent' })));
    for (const scheduler of schedulers) {
      let health = await scheduler.getHealthStatus();
      while (health.status !== 'degraded') {
        await turn();
        health = await scheduler.getHealthStatus();
      }
      expect(health.problems.join()).toContain('all 2 slots have been occupied for');
      expect(health.problems.join()).toContain("'child'");
    }
  });

  it('are not reported while those executions run, or runs end', async () => {
    const door = gate();
    const app: Awaited<ReturnType<typeof startApp>> = await startApp(
      {
        long: () => door.opened,
        short: () => turn(),
      },
      { ...(await storeOf(name)), maxConcurrentTasks: 2, lease: '1500ms' },
    );
    const { scheduler } = app;
    const long = await scheduler.scheduleTask('long');
    const waits = [scheduler.waitForExecution(long)];
    const until = performance.now() + 12_000;
    while (performance.now() < until) {
      const id = await scheduler.scheduleTask('short');
      waits.push(scheduler.waitForExecution(id));
      await turn();
      expect((await scheduler.getHealthStatus()).status).toBe('healthy');
    }
    door.open();
    await Promise.all(waits);
  });
});
