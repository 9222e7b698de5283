/**
 * Packs the libraries once for all suites of its project, as `npm publish` would. They find the tarballs by PACKED_SCHEDULER
 * and the like; each of them packing would build in the same folder. The first builds the library for the others.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The others are compiled against the built library. */
const LIBRARIES = ['scheduler', 'scheduler-console', 'scheduler-cli'];

export default function packLibraries() {
  const folder = mkdtempSync(join(tmpdir(), 'packed-libraries-'));
  process.env['PACKED_FOLDER'] = folder;
  const ofJest = /^(npm_|JEST_|NODE_OPTIONS$|NODE_ENV$)/i;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ofJest.test(name)));
  for (const name of LIBRARIES) {
    const args = ['pack', `./libs/${name}`, '--pack-destination', folder];
    const options = { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' };
    const tarball = execFileSync('npm', args, options).trim().split('\n').at(-1);
    env['LIBRARY_IS_BUILT'] = '1';
    process.env[`PACKED_${name.toUpperCase()}`] = join(folder, tarball);
  }
}
