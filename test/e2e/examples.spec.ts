import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { cron } from '../../src/examples/cron.js';
import { dependencies } from '../../src/examples/dependencies.js';
import { EXAMPLES, runExample } from '../../src/examples/examples.js';
import { health } from '../../src/examples/health.js';
import { locking } from '../../src/examples/locking.js';
import { priorityQueue } from '../../src/examples/priority-queue.js';
import { retry } from '../../src/examples/retry.js';
import { simpleTask } from '../../src/examples/simple-task.js';
import { status } from '../../src/examples/status.js';
import { timeout } from '../../src/examples/timeout.js';
import { workflow } from '../../src/examples/workflow.js';

const silent = (): void => undefined;

describe('the ten examples do what they describe', () => {
  it('simple-task: both executions run, each at its priority', async () => {
    const [planned, urgent] = await simpleTask(silent);
    expect(planned).toMatchObject({ status: 'COMPLETED', priority: 1, result: { resident: 'Costa' } });
    expect(urgent).toMatchObject({ status: 'COMPLETED', priority: 0, result: { resident: 'Dietz' } });
  });

  it('retry: the flaky mail succeeds in its third run, the hopeless one is not repeated', async () => {
    const { delays, executions } = await retry(silent);
    expect(delays).toEqual([50, 100, 200, 400]);
    const [flaky, hopeless] = executions;
    expect(flaky).toMatchObject({ status: 'COMPLETED', retryCount: 2 });
    expect(flaky!.attempts.map(({ outcome }) => outcome)).toEqual(['FAILED', 'FAILED', 'COMPLETED']);
    const starts = flaky!.attempts.map(({ startedTime }) => Date.parse(startedTime));
    expect(starts[1]! - starts[0]!).toBeGreaterThanOrEqual(50);
    expect(starts[2]! - starts[1]!).toBeGreaterThanOrEqual(100);
    expect(hopeless).toMatchObject({ status: 'FAILED', reason: 'NON_RETRYABLE', retryCount: 0 });
  });

  it('dependencies: the graph runs in order, data passes along it, and the failure branch is skipped', async () => {
    const { order, waiting, executions } = await dependencies(silent);
    expect(order.slice(0, 2)).toEqual(['hours.fetch', 'hours.sum']);
    expect(waiting).toMatchObject({ status: 'PENDING', waitingFor: { kind: 'dependencies' } });
    const [fetch, sum, report, escalate] = ['fetch', 'sum', 'report', 'escalate'].map((name) =>
      executions.find(({ taskId }) => taskId === `hours.${name}`)!,
    );
    expect(sum!.result).toEqual({ Abara: 28, Brandt: 24, Costa: 10 });
    expect(report!.result).toBe('Abara 28 h, Brandt 24 h, Costa 10 h');
    expect(Date.parse(sum!.startedTime!)).toBeGreaterThanOrEqual(Date.parse(fetch!.completedTime!));
    expect(Date.parse(report!.startedTime!)).toBeGreaterThanOrEqual(Date.parse(sum!.completedTime!));
    expect(escalate).toMatchObject({
      status: 'SKIPPED',
      reason: 'DEPENDENCY_FAILED',
      rootCause: { taskId: 'hours.sum', status: 'COMPLETED' },
    });
  });

  it('locking: no credit is lost, and every holder has a larger token than the one before', async () => {
    const { tokens, balance, held } = await locking(silent);
    expect(balance).toBe(10 * 2 - 1);
    expect(tokens).toHaveLength(11);
    expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b));
    expect(held).toBe(false);
  });

  it('cron: each tick has one execution, named after its second; an unscheduled schedule stops', async () => {
    const { schedules, ticks, removed, left } = await cron(silent);
    expect(schedules.map(({ taskId }) => taskId).sort()).toEqual(['audit.nightly', 'rounds.remind']);
    const times = ticks.map(({ result }) => Date.parse(result as string));
    expect(ticks.map(({ executionId }) => executionId)).toEqual(times.map((time) => `cron:rounds.remind:${time}`));
    expect(new Set(times).size).toBe(2);
    for (const time of times) expect(time % 1000).toBe(0);
    const nightly = new Date(schedules.find(({ taskId }) => taskId === 'audit.nightly')!.nextRunTime!);
    expect(nightly.toLocaleTimeString('en-GB', { timeZone: 'America/Chicago' })).toMatch(/^0(2:30|3:00):00$/);
    expect(removed).toBe(true);
    expect(left.map(({ id }) => id)).toEqual(['audit.nightly']);
  });

  it('priority-queue: by level, and first in first out within one', async () => {
    const { sizes, next, started, empty } = await priorityQueue(silent);
    expect(sizes).toEqual({ CRITICAL: 1, HIGH: 1, NORMAL: 2, LOW: 1, BACKGROUND: 1 });
    expect(next?.payload.matter).toBe('cardiac arrest');
    expect(started).toEqual([
      'cardiac arrest',
      'lab results',
      'round, ward 1',
      'round, ward 2',
      'order supplies',
      'archive old charts',
    ]);
    expect(empty).toBe(true);
  });

  it('timeout: the slow task is aborted twice, and fails with TIMEOUT', async () => {
    const { quick, slow, stoppedAt } = await timeout(silent);
    expect(quick).toMatchObject({ status: 'COMPLETED', result: '2 steps' });
    expect(slow).toMatchObject({ status: 'FAILED', reason: 'TIMEOUT', error: { name: 'TaskTimeoutError' } });
    expect(slow.attempts).toHaveLength(2);
    expect(stoppedAt).toHaveLength(2);
    for (const step of stoppedAt) expect(step).toBeLessThan(1000);
  });

  it('health: three failures of twelve are 75 %, which is degraded', async () => {
    const { before, after } = await health(silent);
    expect(before).toMatchObject({ status: 'healthy', successRate: 100, problems: [] });
    expect(after).toMatchObject({
      status: 'degraded',
      successRate: 75,
      metrics: { tasksExecuted: 12, tasksSucceeded: 9, tasksFailed: 3 },
      queueStats: { totalQueued: 0 },
    });
    expect(after.recentErrors.map(({ error }) => error.message)).toEqual([
      'sample 4 has no label',
      'sample 8 has no label',
      'sample 12 has no label',
    ]);
  });

  it('workflow: fan-out, fan-in, the skipped branch, and the clean-up', async () => {
    const { run, ends } = await workflow(silent);
    expect(run).toMatchObject({ name: 'census', status: 'COMPLETED' });
    const byRef = Object.fromEntries(ends.map((end) => [end.ref, end]));
    expect(byRef['merge']!.result).toEqual({ taken: 8, beds: 12 });
    expect(byRef['publish']!.result).toBe('8 of 12 beds taken');
    expect(byRef['escalate']).toMatchObject({ status: 'SKIPPED', reason: 'DEPENDENCY_FAILED' });
    expect(byRef['clean-up']!.status).toBe('COMPLETED');
    for (const ward of ['north', 'south', 'west'])
      expect(Date.parse(byRef['merge']!.startedTime)).toBeGreaterThanOrEqual(Date.parse(byRef[ward]!.completedTime));
  });

  it('status: from waiting to its end, with progress, log and a cancel', async () => {
    const { pending, done, heard, cancelled, again, items } = await status(silent);
    expect(pending).toMatchObject({ status: 'PENDING', waitingFor: { kind: 'time' } });
    expect(done).toMatchObject({ status: 'COMPLETED', result: 4, progress: { fraction: 1, note: 'Dietz' } });
    expect(Date.parse(done.startedTime!) - Date.parse(done.createdTime)).toBeGreaterThanOrEqual(100);
    expect(done.logs).toEqual(['wrote Abara', 'wrote Brandt', 'wrote Costa', 'wrote Dietz']);
    expect(heard).toEqual([0.25, 0.5, 0.75, 1]);
    expect([cancelled, again]).toEqual([true, false]);
    expect(items.map((each) => each.status)).toEqual(['CANCELLED', 'COMPLETED']);
  });
});

describe('npm run example', () => {
  const call = async (...argv: string[]) => {
    const out: string[] = [];
    const err: string[] = [];
    const code = await runExample(
      argv,
      (line) => void out.push(line),
      (line) => void err.push(line),
    );
    return { code, out: out.join('\n'), err: err.join('\n') };
  };

  it('lists ten names without an argument, and each names its file', async () => {
    const { code, out, err } = await call();
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(Object.keys(EXAMPLES)).toHaveLength(10);
    for (const name of Object.keys(EXAMPLES)) {
      expect(out).toContain(`  ${name} `);
      const source = readFileSync(new URL(`../../src/examples/${name}.ts`, import.meta.url), 'utf8');
      expect(source).toMatch(/^import .* from 'nestjs-advanced-scheduler';$/m);
    }
  });

  it('runs the named example', async () => {
    const { code, out, err } = await call('simple-task');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('2026-07-04: Costa is on call');
  });

  it.each([[['nope']], [['toString']], [['retry', 'health']]])(
    '%j: lists what exists, and exits with 64',
    async (argv) => {
      const { code, out, err } = await call(...argv);
      expect({ code, out }).toEqual({ code: 64, out: '' });
      for (const name of Object.keys(EXAMPLES)) expect(err).toContain(name);
    },
  );
});
