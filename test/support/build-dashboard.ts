import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const CONSOLE = join(ROOT, 'libs/scheduler-console');

/** Builds the pages, unless what is built is newer than every source. */
export function buildDashboard(): void {
  const index = statSync(join(CONSOLE, 'ui-dist/index.html'), { throwIfNoEntry: false });
  const sources = readdirSync(join(CONSOLE, 'ui'), { recursive: true, encoding: 'utf8' });
  const newest = Math.max(...sources.map((name) => statSync(join(CONSOLE, 'ui', name)).mtimeMs));
  if (index && index.mtimeMs > newest) return;
  const vite = join(ROOT, 'node_modules/vite/bin/vite.js');
  const { status, stderr } = spawnSync(process.execPath, [vite, 'build', 'libs/scheduler-console/ui'], {
    cwd: ROOT,
    encoding: 'utf8',
    // Of the test run; with it the pages would be built for development.
    env: { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '' },
  });
  if (status !== 0) throw new Error(`the dashboard does not build: ${stderr}`);
}
