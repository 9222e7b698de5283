/**
 * `node scripts/try-musl.mjs [images]`: runs the packed library with the embedded store on Alpine, whose C library is musl
 * (default node:20-alpine, where SQLite is the native package, and node:22-alpine, where it is in Node). Needs a Docker engine:
 * without one it says so and exits with 69.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { APPS, makeApp, packLibraries, report, runApp } from './packed-apps.mjs';

const IMAGES = process.argv.length > 2 ? process.argv.slice(2) : ['node:20-alpine', 'node:22-alpine'];
const UNAVAILABLE = 69;

const engine = spawnSync('docker', ['info'], { encoding: 'utf8' });
if (engine.status !== 0) {
  const reason = engine.error?.message ?? engine.stderr.trim().split('\n').at(-1);
  console.error(`NOT TRIED: the embedded store on musl needs a Docker engine (${reason})`);
  process.exit(UNAVAILABLE);
}
const work = mkdtempSync(join(tmpdir(), 'musl-'));
try {
  const folder = makeApp(APPS.at(-1), work, packLibraries(work));
  for (const image of IMAGES) {
    const inContainer = ['--rm', '-i', '-v', `${folder}:/app`, '-w', '/app', '-e', 'STORES', image];
    const store = { type: 'embedded', path: '/tmp/scheduler.db' };
    const problem = await runApp(['docker', 'run', ...inContainer, 'node', 'dist/main.js'], folder, store);
    if (!report(`${image}  embedded`, problem)) process.exitCode = 1;
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
