import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { TOKENS, type startConsole } from '../support/console.js';
import { openPage, picture, signIn, startDashboard, stopDashboard, visit } from '../support/dashboard.js';

const [VIEWER, OPERATOR, ADMIN] = TOKENS.map(({ token }) => token) as [string, string, string];
const HOUR = 3_600_000;

let browser: Browser;
let started: Awaited<ReturnType<typeof startConsole>>;
let url: string;
let page: Page;
let faults: string[];
let close: () => Promise<void>;

beforeAll(async () => {
  ({ browser, started, url } = await startDashboard({
    'app.extract': () => 1,
    'app.load': [{ dependencies: [{ taskId: 'app.extract', type: 'success' }] }, () => 2],
    'app.declared': [{ cron: '0 3 * * *' }, () => 3],
  }));
});
afterAll(async () => {
  await stopDashboard(browser);
});
beforeEach(async () => {
  ({ page, faults, close } = await openPage(browser, { timezoneId: 'Asia/Tokyo' }, [400, 404]));
});
afterEach(async () => {
  await close();
  expect(faults).toEqual([]);
});

const field = (label: string) => page.getByLabel(label, { exact: true });
const button = (name: string) => page.getByRole('button', { name, exact: true });
/** The message below a field. */
const below = async (label: string): Promise<string> => {
  const id = await field(label).getAttribute('aria-describedby');
  return (await page.locator(`[id="${id}"]`).textContent()) ?? '';
};
const schedule = async (id: string) => (await started.scheduler.listCronTasks()).find((each) => each.id === id);

describe('the form of a schedule', () => {
  beforeEach(async () => {
    await signIn(page, url, ADMIN);
    await visit(page, 'schedules', 'Schedules');
  });

  it('creates one, with its next ticks while it is typed, and errors at their fields', async () => {
    await button('New schedule').click();
    await field('Task').selectOption('app.extract');
    await field('Name').fill('early');
    await field('Cron expression').fill('60 4 * * *');
    await page.getByRole('status', { name: 'Next ticks' }).getByText('INVALID_CRON').waitFor();
    await field('Time zone').fill('Europe/Lisbon');
    await button('Create').click();
    await page.locator('[name=cronExpression][aria-invalid=true]').waitFor();
    expect(await below('Cron expression')).toMatch(/60 is not in 0-59|minute/);
    expect(await page.evaluate('document.activeElement.name')).toBe('cronExpression');
    await field('Cron expression').fill('30 4 * * 1');
    await page.locator('.ticks li').nth(4).waitFor();
    expect(await page.locator('.ticks li time').first().textContent()).toMatch(/^Mon, .* 04:30:00$/);
    await picture(page, 'schedule-new');
    await field('Jitter').fill('soon');
    await button('Create').click();
    await page.locator('[name=jitter][aria-invalid=true]').waitFor();
    expect(await below('Jitter')).toMatch(/number with a unit/);
    await field('Jitter').fill('90s');
    await field('Ticks that were missed').selectOption('all');
    await field('At most').fill('7');
    await field('Not before, in your own time zone').fill('2031-01-01T09:00');
    await field('Payload, as JSON').fill('{ "token": "s3cret", "by": "form" }');
    await button('Create').click();
    await page.getByText('Schedule early created').waitFor();
    expect(await schedule('early')).toMatchObject({
      taskId: 'app.extract',
      cronExpression: '30 4 * * 1',
      timezone: 'Europe/Lisbon',
      // Nine in Tokyo.
      startTime: '2031-01-01T00:00:00.000Z',
      endTime: null,
      jitter: 90_000,
      misfire: { all: 7 },
      overlap: 'skip',
      payload: { token: 's3cret', by: 'form' },
    });
  });

  it('changes one, keeps the fields it does not show, and refuses a second one with that name', async () => {
    await started.scheduler.scheduleCronTask('app.extract', '0 5 * * *', {
      id: 'changed',
      payload: { token: 's3cret' },
      jitter: '90s',
      misfire: { all: 7 },
      startTime: '2031-01-01T00:00:00Z',
    });
    await button('Edit changed').click();
    expect(await field('Not before, in your own time zone').inputValue()).toMatch(/^2031-01-01T09:00/);
    expect(await field('Jitter').inputValue()).toBe('90s');
    expect(await field('Payload, as JSON').inputValue()).toBe('');
    await field('Cron expression').fill('0 6 * * *');
    await field('While one still runs').selectOption('queue');
    await button('Save').click();
    await page.getByText('Schedule changed changed').waitFor();
    expect(await schedule('changed')).toMatchObject({
      taskId: 'app.extract',
      cronExpression: '0 6 * * *',
      overlap: 'queue',
      payload: { token: 's3cret' },
      jitter: 90_000,
      misfire: { all: 7 },
      startTime: '2031-01-01T00:00:00.000Z',
    });
    await button('New schedule').click();
    await field('Name').fill('changed');
    await field('Cron expression').fill('0 7 * * *');
    await button('Create').click();
    await page.getByText('There is a schedule changed already.').waitFor();
    expect((await schedule('changed'))?.cronExpression).toBe('0 6 * * *');
  });

  it('deletes one after confirmation, and warns that code will recreate it', async () => {
    await started.scheduler.scheduleCronTask('app.extract', '0 5 * * *', { id: 'gone' });
    await button('Edit app.declared').click();
    await page.getByText('declares this schedule').waitFor();
    await page.keyboard.press('Escape');
    await button('Edit gone').click();
    await button('Delete gone').click();
    await page.getByRole('dialog').last().getByRole('button', { name: 'Keep' }).click();
    expect(await schedule('gone')).toBeDefined();
    await button('Delete gone').click();
    await page.getByRole('dialog').last().getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText('Schedule gone deleted').waitFor();
    await button('Edit gone').waitFor({ state: 'detached' });
    expect(await schedule('gone')).toBeUndefined();
  });
});

describe('the form of an execution', () => {
  beforeEach(async () => {
    await signIn(page, url, OPERATOR);
    await visit(page, 'executions', 'Executions');
    await button('Schedule a task').click();
  });

  it('accepts a time, tags, dependencies, and a key that schedules once', async () => {
    const upstream = await started.scheduler.scheduleTask('app.extract', { delay: '1h' });
    await field('Task').selectOption('app.load');
    await field('When').selectOption('time');
    await field('Time, in your time zone').fill('2031-05-01T12:00:30');
    await field('Priority').selectOption('HIGH');
    await field('After an execution of app.extract').fill(upstream);
    await field('Tags').fill('by-form, twice');
    await field('Idempotency key').fill('once-only');
    await field('Payload, as JSON').fill('[1]');
    await button('Schedule').click();
    await page.getByRole('heading', { level: 1, name: 'app.load' }).waitFor();
    const { items } = await started.scheduler.listExecutions({ tag: 'by-form' });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      taskId: 'app.load',
      scheduledTime: '2031-05-01T03:00:30.000Z',
      tags: ['by-form', 'twice'],
      payload: [1],
    });
    expect(JSON.parse(JSON.stringify(items[0]))).toMatchObject({ priority: 'HIGH' });
    const again = {
      after: { 'app.extract': upstream },
      priority: 'HIGH',
      payload: [1],
      tags: ['by-form', 'twice'],
    } as const;
    expect(
      await started.scheduler.scheduleTask('app.load', {
        ...again,
        scheduledTime: '2031-05-01T03:00:30.000Z',
        idempotencyKey: 'once-only',
      }),
    ).toBe(items[0]!.executionId);
  });

  it('shows errors at their fields', async () => {
    await field('When').selectOption('delay');
    await field('Delay').fill('later');
    await button('Schedule').click();
    await page.locator('[name=delay][aria-invalid=true]').waitFor();
    await field('Delay').fill('2h');
    await field('Tags').fill('x'.repeat(300));
    await button('Schedule').click();
    await page.locator('[name=tags][aria-invalid=true]').waitFor();
    expect(await below('Tags')).toMatch(/tags/);
    await field('Tags').fill('fine');
    await field('Task').selectOption('app.load');
    await field('After an execution of app.extract').fill('00000000-0000-7000-8000-000000000000');
    await button('Schedule').click();
    await page.getByRole('alert').getByText('00000000-0000-7000-8000-000000000000').waitFor();
  });
});

it('the filter of executions accepts a time span, and is part of the URL', async () => {
  const id = await started.scheduler.scheduleTask('app.extract', { tags: ['spanned'] });
  await started.scheduler.waitForExecution(id);
  await signIn(page, url, VIEWER);
  await visit(page, 'executions?tag=spanned', 'Executions');
  // A viewer has no form.
  expect(await button('Schedule a task').isDisabled()).toBe(true);
  await page.getByRole('link', { name: 'app.extract' }).first().waitFor();
  await page.getByRole('combobox', { name: 'Created' }).selectOption('Last hour');
  await page.waitForURL(/from=/);
  const from = Date.parse(decodeURIComponent(/from=([^&]+)/.exec(page.url())![1]!));
  expect(Math.abs(Date.now() - HOUR - from)).toBeLessThan(60_000);
  await page.getByRole('link', { name: 'app.extract' }).first().waitFor();
  await field('From').fill('2031-01-01T00:00:00');
  await field('From').blur();
  await page.getByText('No execution matches').waitFor();
  await page.reload();
  await page.getByText('No execution matches').waitFor();
  expect(await field('From').inputValue()).toMatch(/^2031-01-01T00:00/);
  await page.getByRole('combobox', { name: 'Created' }).selectOption('Created at any time');
  await page.getByRole('link', { name: 'app.extract' }).first().waitFor();
});
