import { afterAll } from '@jest/globals';
import { releaseBefore, type OtherRelease } from '../support/other-release.js';
import type { NodeTask } from '../cluster/fixtures/fleet.js';
import type { Release } from './fixtures/campaign.js';
import { campaignSuite } from './fixtures/campaign-suite.js';
import { deploy, killWorker } from './fixtures/faults.js';
import { DOOMED_ATTEMPTS, TASKS } from './fixtures/load.js';

let before: OtherRelease | undefined;
afterAll(() => before?.remove());

/** A schedule from code, which each release writes in another way: every second all the same. */
const fromCode = (expression: string): NodeTask => {
  return { taskId: 'from-code', handler: 'work', cron: { expression, misfire: 'all', overlap: 'allow' } };
};

const changes: Record<string, Partial<NodeTask>> = {
  work: { priority: 'HIGH', timeout: '1m' },
  doomed: { retryConfig: { strategy: 'FIXED', maxAttempts: DOOMED_ATTEMPTS + 2, initialDelay: 20, jitter: false } },
  locked: { priority: 'LOW' },
};

/** Their tasks, limits, schedules and retry budgets differ, and so do their scripts. */
function releases(library: string): readonly Release[] {
  before = releaseBefore(library);
  return [
    {
      library: before.index,
      options: { version: '1.0.0', queues: { default: { globalConcurrency: 16 } } },
      tasks: [...TASKS, fromCode('* * * * * *')],
    },
    {
      library,
      options: {
        version: '1.1.0',
        maxConcurrentTasks: 8,
        queues: { default: { concurrency: 7, reserve: { CRITICAL: 1 }, rateLimit: { max: 1_000, per: '1s' } } },
      },
      tasks: [...TASKS.map((task) => ({ ...task, ...changes[task.taskId] })), fromCode('*/1 * * * * *')],
    },
  ];
}

campaignSuite('rolling', 'deploys of two releases, to and fro, lose nothing', [deploy, killWorker], [200, 600], {
  releases,
});
