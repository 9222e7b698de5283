/**
 * Packs the library once for all suites of its project, as `npm publish` would. They find the tarball by PACKED_LIBRARY; each
 * of them packing it would build in the same folder.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const library = fileURLToPath(new URL('../../libs/scheduler', import.meta.url));

export default function packLibrary() {
  const folder = mkdtempSync(join(tmpdir(), 'packed-library-'));
  const ofJest = /^(npm_|JEST_|NODE_OPTIONS$|NODE_ENV$)/i;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ofJest.test(name)));
  execFileSync('npm', ['pack', '--pack-destination', folder], { cwd: library, env, stdio: 'pipe' });
  const name = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  process.env['PACKED_LIBRARY'] = join(folder, name);
}
