import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { ensureChromium } from '../../scripts/ensure-chromium.mjs';
import { buildDashboard } from './build-dashboard.js';
import { closeConsoles, startConsole } from './console.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PICTURES = join(ROOT, 'artefacts/dashboard');

/** A real browser. */
export function startChromium(): Promise<Browser> {
  // Debian's sandbox needs a user other than root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: ensureChromium(), args });
}

/** A console of these tasks, where its dashboard is, and a browser to see it with. */
export async function startDashboard(...[tasks, setting]: Parameters<typeof startConsole>) {
  buildDashboard();
  const [browser, started] = await Promise.all([startChromium(), startConsole(tasks, setting)]);
  const path = setting?.console?.path;
  return { browser, started, url: `${started.url}/${path === undefined ? '' : `${path}/`}dashboard/` };
}

export async function stopDashboard(browser: Browser | undefined): Promise<void> {
  await browser?.close();
  await closeConsoles();
}

/**
 * A page that remembers whatever went wrong in it: errors, refused sources, dialogs that a script opened.
 * @param refusals statuses that are meant to come; the browser itself reports each. 401 is one of every sign-in
 */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}, refusals: number[] = []) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    const refused = Number(/responded with a status of (\d{3})/.exec(message.text())?.[1]);
    if (message.type() === 'error' && refused !== 401 && !refusals.includes(refused)) faults.push(message.text());
  });
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, faults, close: () => context.close() };
}

export async function signIn(page: Page, url: string, token: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel('Access token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
}

/** Goes to a page of the dashboard, once it stands there with its heading. */
export async function visit(page: Page, hash: string, heading: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(`#/${hash}`)}`);
  await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor();
}

/** Keeps a picture for people to look at: CI stores the folder. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `${name}.png`) });
}
