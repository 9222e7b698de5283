/**
 * `node scripts/try-readme.mjs`: does what a reader of README.md does. In an empty folder it makes an app with `nest new`, installs the
 * packed library by the commands of the README, puts its first example in src/main.ts and starts it. Fails if the example does not
 * print what its comment says, or it takes three minutes or more from the packed library to the first task. Needs the npm registry.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LIMIT_S = 180;

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const [, commands] = /^## Install\n[^]*?```sh\n([^]*?)```/m.exec(readme);
const [build, installation] = commands
  .trim()
  .split('\n')
  .map((line) => line.replace(/\s+#.*$/, ''));
const [, example] = /^<!-- run -->\n\n```ts\n([^]*?)```/m.exec(readme);
const [, expected] = /console\.log\(.*\); \/\/ (.*)/.exec(example);
const tarball = basename(/\S+\.tgz/.exec(installation)[0]);

const work = mkdtempSync(join(tmpdir(), 'readme-'));
const app = join(work, 'user-app');
try {
  step(build, 'sh', ['-c', build], ROOT);
  const started = performance.now();
  const nest = join(ROOT, 'node_modules/@nestjs/cli/bin/nest.js');
  step('nest new', process.execPath, [nest, 'new', 'user-app', '--skip-install', '--skip-git', '-p', 'npm'], work);
  copyFileSync(join(ROOT, tarball), join(app, tarball));
  step(installation, 'sh', ['-c', installation], app);
  writeFileSync(join(app, 'src/main.ts'), example);
  const output = step('npm start', 'npm', ['start'], app);
  if (!output.includes(expected)) throw new Error(`the example did not print "${expected}":\n${output}`);
  const seconds = (performance.now() - started) / 1000;
  console.log(`${seconds.toFixed(0)} s from the packed library; the example printed "${expected}"`);
  if (seconds >= LIMIT_S) throw new Error(`it took ${LIMIT_S} s or more`);
} finally {
  rmSync(work, { recursive: true, force: true });
  rmSync(join(ROOT, tarball), { force: true });
}

/** @returns its standard output @throws Error with all output if it fails */
function step(title, program, args, cwd) {
  const from = performance.now();
  const output = execFileSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  console.log(`${((performance.now() - from) / 1000).toFixed(0).padStart(4)} s  ${title}`);
  return output;
}
