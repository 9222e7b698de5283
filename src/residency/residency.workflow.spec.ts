import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger, type INestApplicationContext } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { AdvancedTaskScheduler, SchedulerModule, TaskStatus, type TaskExecution } from 'nestjs-advanced-scheduler';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Environment } from '../config/env.js';
import { Outbox } from './delivery/outbox.js';
import type { DutyAudit } from './domain/duty-hours.js';
import type { Roster } from './domain/roster.js';
import { NIGHTLY_AUDIT, type NightlyAudit } from './nightly-audit.task.js';
import { ResidencyModule } from './residency.module.js';
import { ROSTER } from './residency.tasks.js';
import { sampleRoster } from './sample/roster.js';
import { WorkflowRunner } from './workflow-runner.js';

let dataDir: string;
let app: INestApplicationContext | null = null;
let lines: string[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'residency-'));
  lines = [];
  for (const level of ['log', 'warn', 'error'] as const) {
    jest.spyOn(Logger.prototype, level).mockImplementation((message: unknown) => void lines.push(String(message)));
  }
});
afterEach(async () => {
  await app?.close();
  app = null;
  jest.restoreAllMocks();
  await rm(dataDir, { recursive: true, force: true });
});

/** The residency module on a scheduler of its own, with settings in place of an environment. */
async function boot(settings: Partial<Environment> = {}, roster: Roster = sampleRoster) {
  const env = { ...new Environment(), DATA_DIR: dataDir, ...settings };
  const module = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot({
        isGlobal: true,
        ignoreEnvFile: true,
        ignoreEnvVars: true,
        skipProcessEnv: true,
        load: [() => env],
      }),
      SchedulerModule.forRoot({ maxConcurrentTasks: env.MAX_CONCURRENT_TASKS, shutdown: { drain: '1s' } }),
      ResidencyModule,
    ],
  })
    .overrideProvider(ROSTER)
    .useValue(roster)
    .compile();
  app = await module.init();
  return { scheduler: app.get(AdvancedTaskScheduler), runner: app.get(WorkflowRunner), outbox: app.get(Outbox) };
}

const statusOf = (steps: Record<string, TaskExecution>) =>
  Object.fromEntries(Object.entries(steps).map(([ref, { status }]) => [ref, status]));

describe('the residency workflow', () => {
  it('runs every step but the one for failure, in the order of the data', async () => {
    const { runner } = await boot();
    const { status, steps } = await runner.run();
    expect(status).toBe(TaskStatus.COMPLETED);
    expect(statusOf(steps)).toEqual({
      rotations: 'COMPLETED',
      calls: 'COMPLETED',
      'duty-hours': 'COMPLETED',
      report: 'COMPLETED',
      alert: 'COMPLETED',
      notify: 'COMPLETED',
      publish: 'COMPLETED',
      escalate: 'SKIPPED',
    });
    for (const [before, after] of [
      ['rotations', 'calls'],
      ['calls', 'duty-hours'],
      ['report', 'notify'],
      ['alert', 'notify'],
      ['notify', 'publish'],
    ]) {
      expect(steps[before!]!.completedTime! <= steps[after!]!.startedTime!).toBe(true);
    }
  });

  it('passes the results of earlier steps to each step', async () => {
    const { runner, outbox } = await boot();
    const { steps } = await runner.run();
    const { assignments } = steps.rotations!.result as { assignments: { residentId: string }[] };
    const { calls } = steps.calls!.result as { calls: { date: string; residentId: string }[] };
    const audit = steps['duty-hours']!.result as DutyAudit;
    expect(assignments).toHaveLength(sampleRoster.residents.length * sampleRoster.blocks);
    expect(new Set(calls.map(({ date }) => date)).size).toBe(sampleRoster.blocks * 28);
    expect(audit.violations.map(({ residentId }) => residentId)).toEqual(['okafor', 'okafor', 'whitaker', 'kowalczyk']);

    const { path } = steps.report!.result as { path: string };
    const report = await readFile(path, 'utf8');
    expect(report.split('\n').filter((line) => /^- Dr\./.test(line))).toHaveLength(audit.violations.length);
    const alert = await outbox.read(steps.alert!.executionId);
    expect(alert).toEqual([expect.objectContaining({ to: sampleRoster.director.email })]);
    const mails = (await outbox.read(steps.notify!.executionId))!;
    expect(mails.map(({ to }) => to)).toEqual(sampleRoster.residents.map(({ email }) => email));
    const nights = mails.flatMap(
      ({ body }) => /^Your nights on call.*$/m.exec(body)![0].match(/\d{4}-\d{2}-\d{2}/g) ?? [],
    );
    expect(nights.sort()).toEqual(calls.map(({ date }) => date));
    const published = JSON.parse(await readFile(join(dataDir, 'published/schedule.json'), 'utf8'));
    expect(published).toEqual({ plan: { assignments }, schedule: { calls } });
  });

  it('counts refusals of the mail gateway as attempts, and sends each mail once', async () => {
    const { runner } = await boot({ MAIL_GATEWAY_FAILURES: 2 });
    const { notify, alert } = (await runner.run()).steps;
    expect(notify!.retryCount).toBe(2);
    expect(notify!.attempts.map(({ outcome }) => outcome)).toEqual(['FAILED', 'FAILED', 'COMPLETED']);
    expect((await readdir(join(dataDir, 'outbox'))).sort()).toEqual(
      [`${alert!.executionId}.jsonl`, `${notify!.executionId}.jsonl`].sort(),
    );
  });

  it('escalates, and publishes nothing, if the gateway never accepts the mail', async () => {
    const { runner, outbox } = await boot({ MAIL_GATEWAY_FAILURES: 100 });
    const { status, steps } = await runner.run();
    expect(status).toBe(TaskStatus.FAILED);
    expect(statusOf(steps)).toMatchObject({ notify: 'FAILED', publish: 'SKIPPED', escalate: 'COMPLETED' });
    expect(steps.notify!.attempts).toHaveLength(5);
    expect(await outbox.read(steps.notify!.executionId)).toBeNull();
    expect((await outbox.read(steps.escalate!.executionId))![0]!.subject).toMatch(/mail is down$/);
    expect(await readdir(dataDir)).not.toContain('published');
  });

  it.each([1, 2])('completes with %i concurrent handlers', async (MAX_CONCURRENT_TASKS) => {
    const { runner } = await boot({ MAX_CONCURRENT_TASKS, MAIL_GATEWAY_FAILURES: 1 });
    expect((await runner.run()).status).toBe(TaskStatus.COMPLETED);
  });

  it('sends no alert if no rule is violated', async () => {
    const { runner, outbox } = await boot({ MAIL_GATEWAY_FAILURES: 0 }, { ...sampleRoster, extraShifts: [] });
    const { alert } = (await runner.run()).steps;
    expect(alert!.result).toMatchObject({ violations: 0 });
    expect(await outbox.read(alert!.executionId)).toBeNull();
  });

  it('skips all steps after a roster that cannot be staffed', async () => {
    const { runner } = await boot({}, { ...sampleRoster, residents: sampleRoster.residents.slice(0, 5) });
    const { status, steps } = await runner.run();
    expect(status).toBe(TaskStatus.FAILED);
    expect(steps.rotations!.error!.message).toMatch(/^block 1: /);
    const { rotations: _rotations, ...rest } = statusOf(steps);
    expect(new Set(Object.values(rest))).toEqual(new Set(['SKIPPED']));
  });

  it('writes the report under a lock: of two runs at once, one waits for the other', async () => {
    const { runner } = await boot({ MAIL_GATEWAY_FAILURES: 0 });
    const runs = await Promise.all([runner.run(), runner.run()]);
    const [first, second] = runs
      .map(({ steps }) => steps.report!)
      .sort((a, b) => a.startedTime!.localeCompare(b.startedTime!));
    expect(first!.completedTime! <= second!.startedTime!).toBe(true);
    expect(runs.map(({ status }) => status)).toEqual(['COMPLETED', 'COMPLETED']);
  });

  it('logs the start, failure and end of each step, and its result', async () => {
    const { runner } = await boot({ MAIL_GATEWAY_FAILURES: 1 });
    await runner.run();
    const text = lines.filter((line) => !line.includes('enableShutdownHooks')).join('\n');
    expect(text).toMatch(/▶ Assemble rotations\n✔ Assemble rotations \(\d+ ms\): 14 residents in 3 blocks/);
    expect(text).toMatch(
      /▶ Notify staff\n↻ Notify staff \(\d+ ms\): mail gateway: 421 .*; will be retried\n▶ Notify staff\n✔/,
    );
    expect(text).toMatch(/– Escalate to director: skipped: /);
    expect(text).toMatch(/workflow COMPLETED in \d+ ms: 7 COMPLETED, 1 SKIPPED\nokafor: up to 83\.38 hours a week/);
  });
});

describe('the nightly audit', () => {
  const runAudit = async (scheduler: AdvancedTaskScheduler): Promise<TaskExecution<unknown, NightlyAudit>> =>
    scheduler.waitForExecution(await scheduler.scheduleTask(NIGHTLY_AUDIT));

  it('is scheduled by the environment', async () => {
    const { scheduler } = await boot({ NIGHTLY_CRON: '15 3 * * *', TIMEZONE: 'America/Chicago' });
    expect(await scheduler.listCronTasks()).toEqual([
      expect.objectContaining({ taskId: NIGHTLY_AUDIT, cronExpression: '15 3 * * *', timezone: 'America/Chicago' }),
    ]);
  });

  it('finds current violations in the published schedule', async () => {
    const { scheduler, runner } = await boot({ MAIL_GATEWAY_FAILURES: 0 });
    expect((await runAudit(scheduler)).result).toMatchObject({ published: false, violations: [] });
    const { steps } = await runner.run();
    const { result, scheduledTime } = await runAudit(scheduler);
    const { violations } = steps['duty-hours']!.result as DutyAudit;
    expect(result).toMatchObject({ published: true, violations });
    const file = JSON.parse(await readFile(join(dataDir, 'audits', `${scheduledTime.slice(0, 10)}.json`), 'utf8'));
    expect(file.violations).toEqual(violations);
  });

  it('fails with a message if the published schedule cannot be read', async () => {
    const { scheduler, runner } = await boot({ MAIL_GATEWAY_FAILURES: 0 });
    await runner.run();
    await writeFile(join(dataDir, 'published/schedule.json'), '{');
    const { status, error } = await runAudit(scheduler);
    expect(status).toBe(TaskStatus.FAILED);
    expect(error!.name).toBe('SyntaxError');
  });
});
