/**
 * Packs the libraries once for all suites of its project, as `npm publish` would. They find the tarballs by PACKED_SCHEDULER
 * and the like; each of them packing would build in the same folder. The first builds the library for the others. NPM_OFFLINE
 * says whether apps of users can be installed.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The others are compiled against the built library. */
const LIBRARIES = ['scheduler', 'scheduler-console', 'scheduler-cli'];
const OF_JEST = /^(npm_(?!config_(cache|registry|cafile|.*proxy)$)|JEST_|NODE_OPTIONS$|NODE_ENV$)/i;
const run = promisify(execFile);

export default async function packLibraries() {
  const folder = mkdtempSync(join(tmpdir(), 'packed-libraries-'));
  process.env['PACKED_FOLDER'] = folder;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OF_JEST.test(name)));
  const offline = npmOffline(env);
  for (const name of LIBRARIES) {
    const args = ['pack', `./libs/${name}`, '--pack-destination', folder];
    const { stdout } = await run('npm', args, { cwd: ROOT, env });
    env['LIBRARY_IS_BUILT'] = '1';
    process.env[`PACKED_${name.toUpperCase()}`] = join(folder, stdout.trim().split('\n').at(-1));
  }
  process.env['NPM_OFFLINE'] = await offline;
}

/** The network's error code where npm cannot reach its registry; '' if it can, or fails for another reason. */
async function npmOffline(env) {
  try {
    const args = ['view', 'npm', 'version', '--prefer-online', '--fetch-retries=0', '--fetch-timeout=20000'];
    await run('npm', args, { cwd: tmpdir(), env, timeout: 150_000, killSignal: 'SIGKILL' });
    return '';
  } catch (error) {
    const code = /\b(ECONN[A-Z]+|ENOTFOUND|EAI_[A-Z]+|E?TIMEDOUT|E(?:NET|HOST)[A-Z]+|E5\d\d)\b/;
    return code.exec(`${error} ${error.stderr}`)?.[0] ?? '';
  }
}
