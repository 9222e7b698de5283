import { describe, expect, it } from '@jest/globals';
import { TaskInUseError } from '../../libs/scheduler/src/core/errors.js';
import {
  edgeTo,
  edgeToNewest,
  HOUR,
  LEASE,
  lockOn,
  MINUTE,
  taskRecordOf,
  newExecution,
  newSchedule,
  nextId,
  settlementOf,
  type OpenStore,
} from './fixtures.js';
import { fixtures } from './store-fixture.js';

export function definitionContract(open: OpenStore): void {
  const withFixture = fixtures(open);

  describe('stored definitions', () => {
    it(
      'are returned as they were put',
      withFixture(async (s) => {
        const record = taskRecordOf('report', { tags: ['a'], payload: { month: 1 }, lockKey: null });
        await s.store.putTasks([record]);
        expect(await s.store.getTask('report')).toEqual(record);
        expect(await s.store.getTask('unknown')).toBeNull();
        expect((await s.store.listTasks()).map((task) => task.taskId)).toContain('report');
      }),
    );

    it(
      'of a lower version never overwrite those of a higher one',
      withFixture(async (s) => {
        const put = (appVersion: string) => s.define('report', { appVersion, taskName: `as of ${appVersion}` });
        const name = async () => (await s.store.getTask('report'))?.taskName;
        await put('1.9.0');
        await put('1.10.0');
        expect(await name()).toBe('as of 1.10.0');
        await put('1.9.0');
        expect(await name()).toBe('as of 1.10.0');
        await put('1.10.0');
        await put('2.0.0');
        expect(await name()).toBe('as of 2.0.0');
      }),
    );
  });

  describe('removing a task', () => {
    it(
      'is refused while another task depends on it',
      withFixture(async (s) => {
        await s.depend('child', 'parent');
        await expect(s.store.removeTask('parent')).rejects.toBeInstanceOf(TaskInUseError);
        expect(await s.store.getTask('parent')).not.toBeNull();
        expect(await s.store.removeTask('child')).toBe(true);
        expect(await s.store.removeTask('parent')).toBe(true);
        expect(await s.store.removeTask('parent')).toBe(false);
        expect(await s.store.getTask('parent')).toBeNull();
      }),
    );

    it(
      'skips executions that wait for its next execution, so that their workflow ends',
      withFixture(async (s) => {
        const worker = await s.worker();
        const workflowId = nextId();
        const first = newExecution({ workflow: { workflowId, ref: 'first' }, edges: [edgeToNewest('nightly')] });
        const last = newExecution({
          workflow: { workflowId, ref: 'last' },
          edges: [edgeTo(first.executionId, 'always', { taskId: 'plain' })],
        });
        const nodes = [first, last].map(({ executionId, workflow }) => ({
          ...{ ref: workflow!.ref, executionId, taskId: 'plain' },
          dependsOn: workflow!.ref === 'last' ? [{ ref: 'first', type: 'always' as const }] : [],
        }));
        await s.store.startWorkflow({ workflowId, name: 'waits', nodes }, [first, last]);
        const others = await s.addMany(600, { edges: [edgeToNewest('nightly', 'always', { timeout: HOUR })] });
        expect(await s.store.removeTask('nightly')).toBe(true);
        await s.maintain();
        expect(await s.get(first.executionId)).toMatchObject({ status: 'SKIPPED', reason: 'TASK_UNREGISTERED' });
        expect(await s.statuses(others[0]!, others[599]!)).toEqual(['SKIPPED', 'SKIPPED']);
        await worker.complete(await worker.claimOne(last.executionId));
        expect((await s.store.getWorkflow(workflowId))?.status).toBe('COMPLETED');
        expect((await s.stats()).waitingForDependencies).toBe(0);
        const next = await s.add({ taskId: 'nightly' });
        await worker.complete(await worker.claimOne(next));
        expect(await worker.claim(9)).toEqual([]);
      }),
    );

    it.each(['retry', 'snooze', 'release', 'leave', 'crash'] as const)(
      'ends a run that would have to run again, and lets its workflow continue: %s',
      (how) =>
        withFixture(async (s) => {
          const worker = await s.worker();
          const workflowId = nextId();
          const first = newExecution({ taskId: 'nightly', workflow: { workflowId, ref: 'first' } });
          const edges = [edgeTo(first.executionId, 'always')];
          const last = newExecution({ workflow: { workflowId, ref: 'last' }, edges });
          const nodes = [first, last].map(({ executionId, taskId, workflow }) => ({
            ...{ ref: workflow!.ref, executionId, taskId },
            dependsOn: workflow!.ref === 'last' ? [{ ref: 'first', type: 'always' as const }] : [],
          }));
          await s.store.startWorkflow({ workflowId, name: 'w', nodes }, [first, last]);
          const alone = await s.add({ taskId: 'nightly' });
          const [run, other] = await worker.claim(2);
          expect([run!.executionId, other!.executionId]).toEqual([first.executionId, alone]);
          expect(await s.store.removeTask('nightly')).toBe(true);
          if (how === 'leave') await s.store.deregister(worker.id);
          else if (how === 'crash') s.clock.advance(LEASE + 1);
          else await worker.settle(settlementOf(how, run!), settlementOf(how, other!));
          await s.rescue();
          for (const id of [first.executionId, alone])
            expect(await s.get(id)).toMatchObject({ status: 'CANCELLED', reason: 'TASK_UNREGISTERED' });
          const next = await s.worker('w2');
          await next.complete(await next.claimOne(last.executionId));
          expect((await s.store.getWorkflow(workflowId))?.status).toBe('CANCELLED');
          // Run again once the task is back, it is as before.
          await s.define('nightly');
          await s.store.reopen(alone);
          const again = await next.claimOne(alone);
          await next.retry(again);
          await next.complete(await next.claimOne(alone));
          expect((await s.stats()).byStatus).toMatchObject({ PENDING: 0, RUNNING: 0, RETRYING: 0 });
        })(),
    );

    it(
      'does not end runs of a task that is registered anew meanwhile',
      withFixture(async (s) => {
        const worker = await s.worker();
        const id = await s.add({ taskId: 'nightly' });
        const run = await worker.claimOne(id);
        await s.store.removeTask('nightly');
        await s.define('nightly');
        await worker.retry(run);
        await worker.complete(await worker.claimOne(id));
        expect(await s.status(id)).toBe('COMPLETED');
      }),
    );

    it(
      'cancels queued executions, does not stop runs, and removes its schedules',
      withFixture(async (s) => {
        const worker = await s.worker();
        const run = await worker.claimOne(await s.add({ taskId: 'nightly', lock: lockOn('key') }));
        const waiting = [
          await s.add({ taskId: 'nightly' }),
          await s.add({ taskId: 'nightly', delay: MINUTE }),
          await s.add({ taskId: 'nightly', lock: lockOn('key'), priority: 0 }),
        ];
        expect(await worker.claim(1)).toHaveLength(1);
        const second = waiting.shift()!;
        const other = await s.add({ taskId: 'plain' });
        await s.store.putSchedule(newSchedule({ nextRunTime: s.now + MINUTE }));
        expect(await s.store.removeTask('nightly')).toBe(true);
        await s.maintain();
        for (const id of waiting) {
          expect(await s.get(id)).toMatchObject({ status: 'CANCELLED', reason: 'TASK_UNREGISTERED' });
        }
        expect(await s.statuses(run.executionId, second, other)).toEqual(['RUNNING', 'RUNNING', 'PENDING']);
        expect(await s.store.listSchedules()).toEqual([]);
        expect(await worker.complete(run)).toBe('applied');
        expect(await worker.claimIds(9)).toEqual([other]);
      }),
    );
  });
}
