import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { LockInfo } from 'nestjs-advanced-scheduler';
import type { Browser, Page } from 'playwright-core';
import { gate } from '../support/app.js';
import { TOKENS, type startConsole } from '../support/console.js';
import { openPage, picture, signIn, startDashboard, stopDashboard, visit } from '../support/dashboard.js';

const HTML = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
const [VIEWER, , ADMIN] = TOKENS.map(({ token }) => token);

let browser: Browser;
let started: Awaited<ReturnType<typeof startConsole>>;
let url: string;
let page: Page;
let faults: string[];
let close: () => Promise<void>;
let door = gate();
let isBroken = true;

/** Waits for the test, or until it is aborted. */
async function wait(signal: AbortSignal): Promise<void> {
  await Promise.race([door.opened, new Promise((done) => signal.addEventListener('abort', done, { once: true }))]);
}

beforeAll(async () => {
  ({ browser, started, url } = await startDashboard(
    {
      'app.report': [
        { taskName: 'Monthly report', tags: ['monthly'], requireLock: true, lockKey: 'reports' },
        async (payload, ctx) => {
          ctx.log('half of the rows are read');
          ctx.progress(0.5, 'half');
          await wait(ctx.signal);
          ctx.signal.throwIfAborted();
          return { rows: 41, of: payload };
        },
      ],
      'app.import': [
        { taskName: HTML, priority: 'HIGH' },
        () => {
          if (isBroken) throw new Error(HTML);
          return HTML;
        },
      ],
      'app.step': [{ queue: 'steps' }, async (_payload, ctx) => wait(ctx.signal)],
      'app.audit': [
        { taskName: 'Nightly audit', cron: { expression: '0 3 * * *', timezone: 'Europe/Lisbon' } },
        () => 1,
      ],
    },
    { console: { path: 'ops' }, scheduler: { maxConcurrentTasks: 20 } },
  ));
});
afterAll(async () => {
  door.open();
  await stopDashboard(browser);
});
beforeEach(async () => {
  door = gate();
  isBroken = true;
  ({ page, faults, close } = await openPage(browser));
});
afterEach(async () => {
  door.open();
  await close();
  expect(faults).toEqual([]);
});

const status = (name: string) => page.locator('.page-actions .badge', { hasText: name }).waitFor();
const rowOf = (text: string) => page.getByRole('row').filter({ hasText: text }).first();

describe('the dashboard in a real Chromium', () => {
  it('admits only users with a token', async () => {
    await page.goto(url);
    await picture(page, 'sign-in');
    await page.getByLabel('Access token').fill('no-such-token-0123456789');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('This token is not known here.').waitFor();
    await page.getByLabel('Access token').fill(ADMIN!);
    await page.keyboard.press('Enter');
    await page.getByText('Success rate').waitFor();
    await page.getByText('ada').waitFor();
    await page.reload();
    await page.getByText('Success rate').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Access token').waitFor();
    expect(await page.evaluate('sessionStorage.length')).toBe(0);
  });

  it('schedules an execution and shows it run, live', async () => {
    await signIn(page, url, ADMIN!);
    await page.locator('.live[data-live=live]').waitFor();
    await visit(page, 'executions', 'Executions');
    await page.getByRole('button', { name: 'Schedule a task' }).click();
    await page.locator('select[name=taskId] option[value="app.report"]').waitFor({ state: 'attached' });
    await page.locator('select[name=taskId]').selectOption('app.report');
    await page.getByLabel('Payload, as JSON').fill('{ "month": ');
    await page.getByRole('button', { name: 'Schedule', exact: true }).click();
    await page.getByText('This is no JSON').waitFor();
    await page.getByLabel('Payload, as JSON').fill('{ "month": "2026-10" }');
    await page.getByLabel('Tags', { exact: true }).fill('by hand, urgent');
    await picture(page, 'schedule-a-task');
    await page.getByRole('button', { name: 'Schedule', exact: true }).click();
    await page.getByRole('heading', { name: 'Monthly report' }).waitFor();
    await status('Running');
    await page.getByText('half of the rows are read').waitFor();
    await picture(page, 'execution-running');
    door.open();
    await status('Completed');
    await page.getByLabel('Result').getByText('"rows": 41').waitFor();
    const { items } = await started.scheduler.listExecutions({ tag: 'urgent' });
    expect(items.map(({ status, payload }) => ({ status, payload }))).toEqual([
      { status: 'COMPLETED', payload: { month: '2026-10' } },
    ]);
  });

  it('cancels a run', async () => {
    const id = await started.scheduler.scheduleTask('app.report');
    await signIn(page, url, ADMIN!);
    await visit(page, `executions/${id}`, 'Monthly report');
    await status('Running');
    await page.getByRole('button', { name: `Cancel ${id}` }).click();
    await status('Cancelled');
    expect((await started.scheduler.getTaskStatus(id))?.status).toBe('CANCELLED');
  });

  it('shows names, errors and results as plain text, and retries', async () => {
    const id = await started.scheduler.scheduleTask('app.import', { tags: ['html'] });
    await started.scheduler.waitForExecution(id);
    await signIn(page, url, ADMIN!);
    await page.locator('.errors').getByText(HTML).first().waitFor();
    await picture(page, 'overview-with-errors');
    await visit(page, 'executions?tag=html', 'Executions');
    await page.getByRole('link', { name: HTML }).waitFor();
    await visit(page, `executions/${id}`, HTML);
    await page.getByLabel('Error', { exact: true }).last().getByText(HTML).waitFor();
    await picture(page, 'execution-failed');
    isBroken = false;
    await page.getByRole('button', { name: `Retry ${id}` }).click();
    await status('Completed');
    await page.getByLabel('Result', { exact: true }).last().getByText('onerror').waitFor();
    expect(await page.locator('main img, main script').count()).toBe(0);
  });

  it('opens the execution whose id is searched', async () => {
    const id = await started.scheduler.scheduleTask('app.audit', { delay: '1h' });
    await signIn(page, url, ADMIN!);
    await visit(page, 'executions', 'Executions');
    await page.getByLabel('Task id or execution id').fill(id);
    await page.getByRole('heading', { name: 'Nightly audit' }).waitFor();
    await status('Pending');
  });

  it('filters by queue', async () => {
    const tags = ['by-queue'];
    await started.scheduler.scheduleTasks([
      { taskId: 'app.audit', delay: '1h', tags },
      { taskId: 'app.step', delay: '1h', tags },
    ]);
    await signIn(page, url, ADMIN!);
    await visit(page, 'executions?tag=by-queue', 'Executions');
    const rows = page.getByRole('main').getByRole('row').filter({ hasText: 'Pending' });
    await rows.nth(1).waitFor();
    await page.getByRole('combobox', { name: 'Queue' }).fill('steps');
    await page.keyboard.press('Enter');
    await page.waitForURL(/queue=steps/);
    // While the page loads it has no rows.
    await rows.filter({ hasText: 'Nightly audit' }).waitFor({ state: 'detached' });
    await rows.filter({ hasText: 'app.step' }).waitFor();
    expect(await rows.count()).toBe(1);
    await page.getByRole('combobox', { name: 'Queue' }).fill('');
    await page.keyboard.press('Enter');
    await rows.nth(1).waitFor();
  });

  it('cancels all executions that match a filter', async () => {
    const requests = Array.from({ length: 3 }, () => ({ taskId: 'app.audit', delay: '1h', tags: ['many'] }));
    await started.scheduler.scheduleTasks(requests);
    await signIn(page, url, ADMIN!);
    await visit(page, 'executions?tag=many', 'Executions');
    await rowOf('Pending').waitFor();
    await picture(page, 'executions');
    await page.getByRole('button', { name: 'Cancel all' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel all' }).click();
    await page.getByText('3 changed').waitFor();
    await rowOf('Cancelled').waitFor();
    const { items } = await started.scheduler.listExecutions({ tag: 'many' });
    expect(items.map(({ status }) => status)).toEqual(['CANCELLED', 'CANCELLED', 'CANCELLED']);
  });

  it('draws a workflow, live, and supports the keyboard', async () => {
    const { workflowId, executions } = await started.scheduler.runWorkflow({
      name: 'Onboarding',
      tasks: [
        { taskId: 'app.step', ref: 'fetch' },
        { taskId: 'app.step', ref: 'check', dependencies: [{ ref: 'fetch', type: 'success' }] },
        { taskId: 'app.step', ref: 'store', dependencies: [{ ref: 'check', type: 'success' }] },
      ],
    });
    await signIn(page, url, ADMIN!);
    await visit(page, 'workflows', 'Workflows');
    await page.getByRole('link', { name: 'Onboarding' }).click();
    const node = (ref: string, state: string) => page.locator(`.node[data-ref=${ref}][data-status=${state}]`).waitFor();
    await node('fetch', 'RUNNING');
    await node('check', 'PENDING');
    await page.locator('.node[data-ref=fetch]').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect(await page.evaluate('document.activeElement.getAttribute("data-ref")')).toBe('store');
    door.open();
    await node('store', 'COMPLETED');
    await status('Completed');
    await picture(page, 'workflow');
    await page.keyboard.press('Enter');
    await page.getByText(executions.store!).waitFor();
    await visit(page, `workflows/${workflowId}`, 'Onboarding');
    await page.getByRole('button', { name: 'List' }).click();
    await page.getByRole('cell', { name: 'check (success)' }).waitFor();
  });

  it('pauses and resumes a queue', async () => {
    await started.scheduler.taskQueue.pause('steps');
    await started.scheduler.taskQueue.resume('steps');
    await signIn(page, url, ADMIN!);
    await visit(page, 'queues', 'Queues');
    await page.getByRole('button', { name: 'Pause queue steps' }).click();
    await rowOf('steps').getByText('Paused').waitFor();
    expect((await started.scheduler.getHealthStatus()).queueStats.pausedQueues).toEqual(['steps']);
    await picture(page, 'queues');
    await page.getByRole('button', { name: 'Resume queue steps' }).click();
    await rowOf('steps').getByText('Open').waitFor();
    expect((await started.scheduler.getHealthStatus()).queueStats.pausedQueues).toEqual([]);
  });

  it('shows, runs, pauses and resumes a schedule', async () => {
    await signIn(page, url, ADMIN!);
    await visit(page, 'schedules', 'Schedules');
    await rowOf('app.audit').locator('summary').click();
    await page.locator('.next-times li').nth(4).waitFor();
    await picture(page, 'schedules');
    await page.getByRole('button', { name: 'Run app.audit now' }).click();
    await page.getByText('app.audit runs now').waitFor();
    await page.getByRole('button', { name: 'Pause app.audit' }).click();
    await page.getByRole('button', { name: 'Resume app.audit' }).click();
    await page.getByRole('button', { name: 'Pause app.audit' }).waitFor();
  });

  it('shows the holder of a lock, and releases it by force', async () => {
    const id = await started.scheduler.scheduleTask('app.report');
    const handle = await started.scheduler.lockManager.acquire('by-hand', { ttl: '1m', maxWait: 0 });
    await signIn(page, url, ADMIN!);
    await visit(page, 'locks', 'Locks');
    await page.getByRole('link', { name: id }).waitFor();
    await picture(page, 'locks');
    await page.getByRole('button', { name: 'Release lock by-hand by force' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Release', exact: true }).click();
    await page.getByText('Lock by-hand taken from token').waitFor();
    await page.getByRole('button', { name: 'Release lock by-hand by force' }).waitFor({ state: 'detached' });
    expect(await started.scheduler.lockManager.isLocked('by-hand')).toBe(false);
    expect(await handle?.release()).toBe(false);
  });

  it('distinguishes the run that lost a lock by force from the next holder', async () => {
    const id = await started.scheduler.scheduleTask('app.report');
    await signIn(page, url, ADMIN!);
    await visit(page, 'locks', 'Locks');
    await page.getByRole('link', { name: id }).waitFor();
    const [{ fencingToken }] = (await started.scheduler.lockManager.list()) as [LockInfo];
    await rowOf('reports').getByText(`execution, token ${fencingToken}`).waitFor();
    await page.getByRole('button', { name: 'Release lock reports by force' }).click();
    await page.getByRole('dialog').getByText('the execution acquires it again in a new run').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Release', exact: true }).click();
    await page.getByText(`Lock reports taken from token ${fencingToken}`).waitFor();
    await rowOf('reports')
      .getByText(`execution, token ${fencingToken + 1}`)
      .waitFor();
    await page.getByRole('link', { name: id }).waitFor();
    door.open();
    await page.getByText('No lock is held').waitFor();
  });

  it('offers no changes to a viewer, and hides payloads', async () => {
    const id = await started.scheduler.scheduleTask('app.report', { payload: { canary: 'c4n4ry' }, delay: '1h' });
    await signIn(page, url, VIEWER!);
    await visit(page, `executions/${id}`, 'Monthly report');
    await expect(page.getByRole('button', { name: `Cancel ${id}` }).isDisabled()).resolves.toBe(true);
    await page.getByText('Your token does not show payloads and results.').first().waitFor();
    expect(await page.content()).not.toContain('c4n4ry');
    await started.scheduler.cancelTask(id);
  });

  it('works in dark mode, and shows the workers', async () => {
    await close();
    ({ page, faults, close } = await openPage(browser, { colorScheme: 'dark' }, [404]));
    await signIn(page, url, ADMIN!);
    await page.getByText('Waiting by priority').waitFor();
    await picture(page, 'overview-dark');
    await visit(page, 'workers', 'Workers');
    await rowOf('Active').waitFor();
    await picture(page, 'workers-dark');
    await page.getByRole('button', { name: /^Theme: auto/ }).click();
    await expect(page.evaluate('document.documentElement.dataset.theme')).resolves.toBe('light');
    await visit(page, 'executions/00000000-0000-7000-8000-000000000000', 'Execution');
    await page.getByText('Not found').waitFor();
  });
});
