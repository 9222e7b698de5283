import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { accessibilityFaults, focused, tabStops } from '../support/accessibility.mjs';
import { gate } from '../support/app.js';
import { makeConsole, startConsole, TOKENS } from '../support/console.js';
import { openPage, picture, signIn, startDashboard, stopDashboard, visit } from '../support/dashboard.js';

const [VIEWER, OPERATOR, ADMIN] = TOKENS.map(({ token }) => token) as [string, string, string];
const TASKS = {
  'app.fails': [
    { taskName: 'One that fails', tags: ['nightly'] },
    () => {
      throw new Error('as told');
    },
  ],
  'app.waits': [{ taskName: 'One that waits', requireLock: true, lockKey: 'door' }, () => door.opened],
  'app.ticks': [{ cron: '0 3 * * *' }, () => 1],
} satisfies Parameters<typeof startConsole>[0];
const door = gate();

let browser: Browser;
let started: Awaited<ReturnType<typeof startConsole>>;
let url: string;
let failed: string;
let running: string;
let workflow: string;
let close: () => Promise<void> = async () => undefined;

async function open(scheme: 'light' | 'dark', refusals: number[] = []): Promise<Page> {
  const opened = await openPage(browser, { colorScheme: scheme, reducedMotion: 'reduce' }, refusals);
  close = async () => {
    await opened.close();
    expect(opened.faults).toEqual([]);
  };
  return opened.page;
}

beforeAll(async () => {
  ({ browser, started, url } = await startDashboard(TASKS));
  const { scheduler } = started;
  failed = await scheduler.scheduleTask('app.fails');
  await scheduler.waitForExecution(failed);
  running = await scheduler.scheduleTask('app.waits');
  ({ workflowId: workflow } = await scheduler.runWorkflow({
    name: 'Onboarding',
    tasks: [
      { taskId: 'app.waits', ref: 'first' },
      { taskId: 'app.fails', ref: 'then', dependencies: [{ ref: 'first', type: 'success' }] },
    ],
  }));
});
afterAll(async () => {
  door.open();
  await stopDashboard(browser);
});
afterEach(async () => {
  await close();
  close = async () => undefined;
});

/** Each page with a text that shows it has loaded. */
const pages = (): [hash: string, heading: string, shown: string][] => [
  ['overview', 'Overview', 'Waiting by priority'],
  ['executions', 'Executions', 'One that fails'],
  ['executions?tag=nothing', 'Executions', 'No execution matches'],
  [`executions/${failed}`, 'One that fails', 'Timeline'],
  [`executions/${running}`, 'One that waits', 'Running since'],
  ['workflows', 'Workflows', 'Onboarding'],
  [`workflows/${workflow}`, 'Onboarding', 'first'],
  ['schedules', 'Schedules', 'app.ticks'],
  ['queues', 'Queues', 'default'],
  ['locks', 'Locks', 'door'],
  ['workers', 'Workers', 'Active'],
  ['nowhere', 'No such page', 'Go to the overview'],
];

/** Presses Tab for a whole cycle; returns what it did not reach, and where the focus was not visible. */
async function walk(page: Page): Promise<{ unreached: string[]; unseen: string[] }> {
  const stops = await page.evaluate(tabStops);
  const reached = new Set<string>();
  const unseen: string[] = [];
  // The focus also leaves the page once, for the browser's own bar.
  for (let step = 0; step < 2 * stops.length + 4; step++) {
    await page.keyboard.press('Tab');
    const { key, visible } = await page.evaluate(focused);
    if (!visible) unseen.push(stops.find((stop) => stop.key === key)?.text ?? key);
    reached.add(key);
    if (stops.every((stop) => reached.has(stop.key))) break;
  }
  return { unreached: stops.filter(({ key }) => !reached.has(key)).map(({ text }) => text), unseen };
}

describe.each(['light', 'dark'] as const)('in %s', (scheme) => {
  it('every page is readable, and operable with the Tab key', async () => {
    const page = await open(scheme);
    await page.goto(url);
    await page.getByLabel('Access token').waitFor();
    expect(await page.evaluate(accessibilityFaults)).toEqual([]);
    await signIn(page, url, ADMIN);
    for (const [hash, heading, shown] of pages()) {
      await visit(page, hash, heading);
      await page.locator('main').getByText(shown).filter({ visible: true }).first().waitFor();
      expect([hash, await page.evaluate(accessibilityFaults)]).toEqual([hash, []]);
      await picture(
        page,
        `page-${hash.replace(/[/?].*/, (rest) => (rest.includes('=') ? '-empty' : '-one'))}-${scheme}`,
      );
      expect([hash, await walk(page)]).toEqual([hash, { unreached: [], unseen: [] }]);
    }
  });

  it('the forms are readable and operable, including their errors', async () => {
    const page = await open(scheme, [400]);
    await signIn(page, url, ADMIN);
    for (const [hash, heading, opener, send] of [
      ['executions', 'Executions', 'Schedule a task', 'Schedule'],
      ['schedules', 'Schedules', 'New schedule', 'Create'],
    ] as const) {
      await visit(page, hash, heading);
      await page.getByRole('button', { name: opener }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      await page.getByLabel('Payload, as JSON').fill('{');
      if (hash === 'schedules') await page.getByLabel('Cron expression').fill('0 3 * * *');
      await page.getByRole('button', { name: send, exact: true }).press('Enter');
      await page.getByText('This is no JSON').waitFor();
      expect([hash, await page.evaluate(accessibilityFaults)]).toEqual([hash, []]);
      expect([hash, await walk(page)]).toEqual([hash, { unreached: [], unseen: [] }]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(await page.evaluate('document.activeElement.textContent')).toBe(opener);
    }
  });
});

it('there is no animation for users who prefer reduced motion', async () => {
  const page = await open('light');
  await signIn(page, url, ADMIN);
  await visit(page, `executions/${running}`, 'One that waits');
  await page.locator('.badge[data-status=RUNNING]').first().waitFor();
  expect(await page.evaluate('document.getAnimations().length')).toBe(0);
});

it('a page reports that its server is gone, keeps its data, and recovers', async () => {
  const first = await startConsole(TASKS);
  const { page, close: closePage } = await openPage(browser);
  await signIn(page, `${first.url}/dashboard/`, ADMIN);
  await visit(page, 'queues', 'Queues');
  await page.getByRole('cell', { name: 'default', exact: true }).waitFor();
  await first.app.close();
  await page.getByText('Shown as last read: The server does not answer.').waitFor();
  await page.locator('.live[data-live=offline]').waitFor();
  await page.getByRole('cell', { name: 'default', exact: true }).waitFor();
  await visit(page, 'workers', 'Workers');
  await page.getByText('No connection').waitFor();
  expect(await page.evaluate(accessibilityFaults)).toEqual([]);
  await picture(page, 'no-connection');
  const second = await makeConsole(TASKS);
  await second.listen(first.port, '127.0.0.1');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.getByRole('cell', { name: 'Active' }).waitFor();
  await page.locator('.live[data-live=live]').waitFor();
  await closePage();
});

it('a page reports a missing permission and an expired session', async () => {
  const page = await open('light', [403]);
  await signIn(page, url, OPERATOR);
  await visit(page, `executions/${running}`, 'One that waits');
  const become = (token: string) =>
    page.evaluate(`sessionStorage.setItem('scheduler-console.token', ${JSON.stringify(token)})`);
  await become(VIEWER);
  await page.getByRole('button', { name: `Cancel ${running}` }).click();
  await page.getByText("the role 'viewer' is not sufficient").waitFor();
  await picture(page, 'refused');
  await become('a-token-that-is-over-0123456789');
  // A request of the page itself may be refused before the click.
  await page
    .getByRole('link', { name: 'Queues' })
    .click()
    .catch(() => undefined);
  await page.getByText('Your session is over: sign in again.').waitFor();
  await page.getByLabel('Access token').waitFor();
});
