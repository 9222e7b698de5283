/**
 * `npm run release`: prepares a release from the changesets of `.changeset`. Changesets raises the version of the packages, all to
 * the same one; this script writes it wherever else it occurs, and moves the texts of the changesets, and what is under
 * Unreleased in the changelog, to the new version.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CHART = 'deploy/helm/Chart.yaml';
const LIBRARY = 'nestjs-advanced-scheduler';
const MANIFEST = 'libs/scheduler/package.json';
/** Files that name a packed package, and which. */
export const TARBALL_NAMED_IN = {
  'README.md': LIBRARY,
  'docs/guide/getting-started.md': LIBRARY,
  'docs/guide/cli.md': `${LIBRARY}-cli`,
};
/** The section of the changelog for each kind of change. */
const SECTIONS = { major: 'Changed', minor: 'Added', patch: 'Fixed' };
const CHANGESET = /^---\n([^]*?)\n---\n([^]*)$/;
const CHANGESETS = join(
  dirname(createRequire(import.meta.url).resolve('@changesets/cli/package.json')),
  'dist/index.mjs',
);

/**
 * @param {string} root folder of the repository
 * @param {string} date of the release, as in 2026-11-29
 * @returns {string} the new version
 * @throws Error if there is no changeset; then nothing is written
 */
export function release(root, date = new Date().toISOString().slice(0, 10)) {
  const read = (file) => readFileSync(join(root, file), 'utf8');
  const changes = changesetsOf(root);
  if (changes.length === 0) throw new Error('.changeset has no change: npm run changeset adds one');
  const before = JSON.parse(read(MANIFEST)).version;
  execFileSync(process.execPath, [CHANGESETS, 'version'], { cwd: root, stdio: 'pipe' });
  const { version } = JSON.parse(read(MANIFEST));

  writeJson('package.json', (manifest) => (manifest.version = version));
  writeJson('package-lock.json', (lock) => {
    lock.version = lock.packages[''].version = version;
    for (const folder of readdirSync(join(root, 'libs')).map((name) => `libs/${name}`)) {
      const { peerDependencies, devDependencies } = JSON.parse(read(`${folder}/package.json`));
      Object.assign(lock.packages[folder], { version }, peerDependencies && { peerDependencies });
      if (devDependencies) lock.packages[folder].devDependencies = devDependencies;
    }
  });
  for (const [file, name] of Object.entries(TARBALL_NAMED_IN))
    writeFileSync(join(root, file), read(file).replaceAll(`${name}-${before}.tgz`, `${name}-${version}.tgz`));
  if (existsSync(join(root, CHART)))
    writeFileSync(join(root, CHART), read(CHART).replaceAll(/^(version|appVersion): .*$/gm, `$1: ${version}`));
  writeFileSync(join(root, 'CHANGELOG.md'), changelog(read('CHANGELOG.md'), changes, version, date));
  return version;

  function writeJson(file, change) {
    const content = JSON.parse(read(file));
    change(content);
    writeFileSync(join(root, file), `${JSON.stringify(content, null, 2)}\n`);
  }
}

/** @returns the kind of each change and its text (which may be empty), in the order of the names of their files */
function changesetsOf(root) {
  const folder = join(root, '.changeset');
  const files = readdirSync(folder).filter((name) => name.endsWith('.md') && name !== 'README.md');
  return files.sort().map((name) => {
    const [, releases, text] = CHANGESET.exec(readFileSync(join(folder, name), 'utf8')) ?? [];
    const kind = ['major', 'minor', 'patch'].find((each) => new RegExp(`: *['"]?${each}\\b`).test(releases ?? ''));
    if (kind === undefined) throw new Error(`.changeset/${name} names no package with major, minor or patch`);
    return { kind, text: text.trim() };
  });
}

function changelog(before, changes, version, date) {
  const [, unreleased] = /^## \[Unreleased\]\n([^]*?)(?=^## \[|$(?![^]))/m.exec(before);
  let section = unreleased;
  for (const [kind, title] of Object.entries(SECTIONS)) {
    const entries = changes
      .filter((change) => change.kind === kind && change.text !== '')
      .map(({ text }) => `- ${text.replaceAll('\n', '\n  ')}\n`);
    if (entries.length > 0) section = withEntries(section, title, entries.join(''));
  }
  return before.replace(
    `## [Unreleased]\n${unreleased}`,
    () => `## [Unreleased]\n\n## [${version}] - ${date}\n${section}`,
  );
}

/** The entries come first in their section. */
function withEntries(section, title, entries) {
  const heading = `### ${title}\n\n`;
  const at = section.indexOf(heading);
  if (at === -1) return `${section.trimEnd()}\n\n${heading}${entries}\n`.replace(/^\n{2,}/, '\n');
  const rest = section.slice(at + heading.length);
  return section.slice(0, at) + heading + entries + (rest.startsWith('- ') ? '' : '\n') + rest;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(`prepared ${release(fileURLToPath(new URL('..', import.meta.url)))}: review CHANGELOG.md, then commit`);
