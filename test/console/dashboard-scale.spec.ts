import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { gate } from '../support/app.js';
import { TOKENS, type startConsole } from '../support/console.js';
import { openPage, picture, signIn, startDashboard, stopDashboard, visit } from '../support/dashboard.js';

const ADMIN = TOKENS[2].token;
const EXECUTIONS = 100_000;
const BATCH = 1_000;
const STEPS = 1_000;
const PAGE_SIZE = 50;

let browser: Browser;
let started: Awaited<ReturnType<typeof startConsole>>;
let url: string;
let page: Page;
let faults: string[];
let close: () => Promise<void>;
const door = gate();

/** Number of executions; all of them end. */
async function run(count: number, tagsOf: (index: number) => string[]): Promise<void> {
  for (let first = 0; first < count; first += BATCH) {
    const ids = await started.scheduler.scheduleTasks(
      Array.from({ length: BATCH }, (_, index) => ({ taskId: 'app.small', tags: tagsOf(first + index) })),
    );
    await started.scheduler.waitForExecution(ids.at(-1)!);
  }
}

beforeAll(async () => {
  ({ browser, started, url } = await startDashboard(
    { 'app.small': () => 1, 'app.rare': () => 2, 'app.step': [{ queue: 'steps' }, () => door.opened] },
    { scheduler: { history: 2 * EXECUTIONS, maxConcurrentTasks: 20 } },
  ));
  await run(EXECUTIONS, (index) => (index === 0 ? ['first'] : index % 500 === 0 ? ['some'] : []));
});
afterAll(async () => {
  door.open();
  await stopDashboard(browser);
});
beforeEach(async () => {
  ({ page, faults, close } = await openPage(browser));
  await signIn(page, url, ADMIN);
});
afterEach(async () => {
  await close();
  expect(faults).toEqual([]);
});

const rows = () => page.locator('tbody tr').count();
/** The page still responds: a frame is drawn. */
const answers = () => page.evaluate('new Promise((done) => requestAnimationFrame(() => done(true)))');

describe(`the dashboard with ${EXECUTIONS} executions`, () => {
  it('lists them page by page, and finds the few among the many', async () => {
    await visit(page, 'executions', 'Executions');
    await page.getByText(`${PAGE_SIZE} shown, newest first, page 1`).waitFor();
    expect(await rows()).toBe(PAGE_SIZE);
    await page.getByRole('button', { name: 'Older' }).click();
    await page.getByText('newest first, page 2').waitFor();
    expect(await rows()).toBe(PAGE_SIZE);
    await visit(page, 'executions?tag=some', 'Executions');
    await page
      .getByRole('link', { name: 'some', exact: true })
      .nth(PAGE_SIZE - 1)
      .waitFor();
    expect(await rows()).toBe(PAGE_SIZE);
    await picture(page, 'executions-100000');
  });

  it('reports how far it has searched, and continues the search', async () => {
    await visit(page, 'executions?tag=first', 'Executions');
    await page.getByText('None so far').waitFor();
    await page.getByRole('button', { name: 'Search further back' }).click();
    await page.getByRole('link', { name: 'first', exact: true }).waitFor();
    expect(await rows()).toBe(1);
    await visit(page, 'executions?taskId=app.rare', 'Executions');
    await page.getByRole('button', { name: 'Search further back' }).click();
    await page.getByText('No execution matches').waitFor();
  });

  it('updates live while thousands more run', async () => {
    await visit(page, 'executions', 'Executions');
    await page.locator('.live[data-live=live]').waitFor();
    await run(10 * BATCH, () => []);
    const last = await started.scheduler.scheduleTask('app.rare');
    await page.locator(`a[href$="${last}"]`).waitFor();
    expect(await page.locator('.live').getAttribute('data-live')).toBe('live');
    expect(await rows()).toBe(PAGE_SIZE);
    expect(await answers()).toBe(true);
  });
});

it(`a workflow of ${STEPS} nodes is drawn, moved, listed and updated live`, async () => {
  const tasks = Array.from({ length: STEPS }, (_, index) => ({
    taskId: 'app.step',
    ref: `step-${index}`,
    dependencies: index % 20 === 0 ? [] : [{ ref: `step-${index - 1}`, type: 'completion' as const }],
  }));
  const { workflowId } = await started.scheduler.runWorkflow({ name: 'Large', tasks });
  await visit(page, `workflows/${workflowId}`, 'Large');
  await page.locator('.node').first().waitFor();
  expect(await page.locator('.node').count()).toBe(STEPS);
  // All edges are one path.
  expect(await page.locator('.graph svg path.edges').count()).toBe(1);
  await page.getByText('20 running').waitFor();
  await picture(page, 'workflow-1000');
  const view = () => page.locator('.graph svg > g').getAttribute('transform');
  const before = await view();
  await page.getByRole('button', { name: 'Zoom in' }).click();
  const moved = await view();
  expect(moved).not.toBe(before);
  await page.getByRole('button', { name: 'List', exact: true }).click();
  await page.getByText(`200 of ${STEPS.toLocaleString('en-US')} shown`).waitFor();
  expect(await rows()).toBe(200);
  await page.getByRole('button', { name: 'Graph', exact: true }).click();
  door.open();
  await page.locator('.page-actions .badge', { hasText: 'Completed' }).waitFor();
  await page.getByText(`${STEPS.toLocaleString('en-US')} completed`).waitFor();
  await page
    .locator('.node[data-status=COMPLETED]')
    .nth(STEPS - 1)
    .waitFor();
  expect(await view()).toBe(moved);
  expect(await answers()).toBe(true);
});
