import { describe, expect, it } from '@jest/globals';
import { settle } from '../../libs/scheduler/src/core/commands.js';
import type { TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import { helloOf, newExecution, type OpenStore } from './fixtures.js';

/** One call of each kind: a verb that only reads, and those with separate paths to the state. */
const CALLS: Record<string, (store: TaskStore) => Promise<unknown>> = {
  getExecution: (store) => store.getExecution('x'),
  listExecutions: (store) => store.listExecutions({ limit: 1 }),
  enqueue: (store) => store.enqueue([newExecution()]),
  startWorkflow: (store) => store.startWorkflow({ workflowId: 'w', name: 'w', nodes: [] }, []),
  pauseQueue: (store) => store.pauseQueue('default'),
  cancel: (store) => store.cancel('x', 0),
  acquireLock: (store) => store.acquireLock('key', 'owner', 1000, 0),
  hello: (store) => store.register(helloOf('late')),
  exchange: (store) =>
    store.exchange({ workerId: 'late', pipeline: 0, sequence: 1, settlements: [settle.release(RUN)], demand: 1 }),
  beat: (store) => store.heartbeat('late', []),
  listSchedules: (store) => store.listSchedules(),
  promote: (store) => store.promote(1),
  stats: (store) => store.stats(),
  ping: (store) => store.ping(),
};
const RUN = { executionId: 'x', leaseToken: 1 };

export function closedContract(open: OpenStore): void {
  describe('a closed store', () => {
    it('refuses every call with the same error, and can be closed again', async () => {
      const { store, close } = await open();
      await store.enqueue([newExecution()]);
      await close();
      const codes: Record<string, unknown> = {};
      for (const [name, call] of Object.entries(CALLS))
        codes[name] = await call(store).then(
          () => 'resolved',
          (error: { code?: string }) => error.code ?? error,
        );
      expect(codes).toEqual(Object.fromEntries(Object.keys(CALLS).map((name) => [name, 'SCHEDULER_CLOSED'])));
      await store.close();
    });
  });
}
