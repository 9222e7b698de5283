/**
 * `node scripts/set-version.mjs 0.2.0`: prepares a release. All packages and the repository have one version: writes it
 * wherever it occurs, and moves the entries under Unreleased in the changelog to the version and its date.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { manifestsOf } from './manifests.mjs';

export const CHART = 'deploy/helm/Chart.yaml';
const LIBRARY = 'nestjs-advanced-scheduler';
/** Files that name a packed package, and which. */
export const TARBALL_NAMED_IN = {
  'README.md': LIBRARY,
  'docs/guide/getting-started.md': LIBRARY,
  'docs/guide/cli.md': `${LIBRARY}-cli`,
};
const VERSION = /^(\d+)\.(\d+)\.(\d+)(-[a-z]+\.\d+)?$/;

/**
 * @param {string} version the next one
 * @param {string} root folder of the repository
 * @param {string} date of the release, as in 2026-11-29
 * @throws Error if it is no version, not above the present one, or the changelog has nothing under Unreleased; then nothing is
 * written
 */
export function setVersion(version, root, date = new Date().toISOString().slice(0, 10)) {
  const read = (file) => readFileSync(join(root, file), 'utf8');
  const before = JSON.parse(read('package.json')).version;
  if (!isAbove(version, before)) throw new Error(`${version} is no version above ${before}`);
  const written = new Map();
  for (const file of [...manifestsOf(root), 'package-lock.json']) {
    const manifest = JSON.parse(read(file));
    manifest.version = version;
    if (manifest.packages) manifest.packages[''].version = version;
    if (manifest.peerDependencies?.[LIBRARY]) manifest.peerDependencies[LIBRARY] = `^${version}`;
    written.set(file, `${JSON.stringify(manifest, null, 2)}\n`);
  }
  for (const [file, name] of Object.entries(TARBALL_NAMED_IN))
    written.set(file, read(file).replaceAll(`${name}-${before}.tgz`, `${name}-${version}.tgz`));
  if (existsSync(join(root, CHART)))
    written.set(CHART, read(CHART).replaceAll(/^(version|appVersion): .*$/gm, `$1: ${version}`));
  const changelog = read('CHANGELOG.md');
  const changes = /^## \[Unreleased\]\n([^]*?)(?=^## \[)/m.exec(changelog)?.[1];
  if (!changes?.trim()) throw new Error('CHANGELOG.md has nothing under Unreleased');
  written.set('CHANGELOG.md', changelog.replace('## [Unreleased]\n', `## [Unreleased]\n\n## [${version}] - ${date}\n`));
  for (const [file, text] of written) writeFileSync(join(root, file), text);
}

function isAbove(version, before) {
  const [next, last] = [version, before].map((text) => VERSION.exec(text ?? ''));
  if (!next || !last) return false;
  const at = [1, 2, 3].find((n) => +next[n] !== +last[n]);
  return at === undefined ? last[4] !== undefined && next[4] === undefined : +next[at] > +last[at];
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  setVersion(process.argv[2], fileURLToPath(new URL('..', import.meta.url)));
