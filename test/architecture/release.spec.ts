import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifestsOf } from '../../scripts/manifests.mjs';
import { CHART, release, TARBALL_NAMED_IN } from '../../scripts/release.mjs';

const MANIFESTS = manifestsOf('.');
const FILES = [...MANIFESTS, 'package-lock.json', 'CHANGELOG.md', ...Object.keys(TARBALL_NAMED_IN), CHART];

let root: string;
const read = (file: string, from = root): string => readFileSync(join(from, file), 'utf8');
const versionOf = (file: string, from = root): string => (JSON.parse(read(file, from)) as { version: string }).version;

function nextMinor(): string {
  const [major, minor] = versionOf('package.json').split('.').map(Number);
  return `${major}.${minor! + 1}.0`;
}

function addChangeset(name: string, kind: string, text: string, of = 'nestjs-advanced-scheduler'): void {
  writeFileSync(join(root, '.changeset', `${name}.md`), `---\n'${of}': ${kind}\n---\n\n${text}\n`);
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'release-'));
  for (const file of FILES) cpSync(file, join(root, file));
  mkdirSync(join(root, '.changeset'));
  cpSync('.changeset/config.json', join(root, '.changeset/config.json'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('everything in the repository has one version', () => {
  const [version, ...others] = [...MANIFESTS, 'package-lock.json'].map((file) => versionOf(file, '.'));
  expect(new Set(others)).toEqual(new Set([version]));
  expect(read('CHANGELOG.md', '.')).toContain(`\n## [${version}] - 20`);
  for (const [file, name] of Object.entries(TARBALL_NAMED_IN))
    expect(read(file, '.')).toContain(`${name}-${version}.tgz`);
  expect(read(CHART, '.')).toContain(`\nversion: ${version}\nappVersion: ${version}\n`);
});

it('writes the next version everywhere: one for all packages, by the largest change of any', () => {
  const before = versionOf('package.json');
  const next = nextMinor();
  addChangeset('a', 'patch', 'The fleet stops in time.');
  addChangeset('b', 'minor', 'The console lists fleets.', 'nestjs-advanced-scheduler-console');
  expect(release(root, '2030-01-02')).toBe(next);

  expect(MANIFESTS.map((file) => versionOf(file))).toEqual(MANIFESTS.map(() => next));
  expect(read('libs/scheduler-console/package.json')).toContain(`"nestjs-advanced-scheduler": "^${next}"`);
  expect(readdirSync(join(root, '.changeset'))).toEqual(['config.json']);
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Record<string, unknown>> };
  for (const file of MANIFESTS.filter((path) => path.startsWith('libs/'))) {
    const { name: _name, ...recorded } = packages[file.replace('/package.json', '')]!;
    expect(JSON.parse(read(file))).toMatchObject(recorded);
  }
  for (const file of FILES.filter((path) => path !== 'CHANGELOG.md')) {
    const lines = new Set(read(file, '.').split('\n'));
    const changed = read(file)
      .split('\n')
      .filter((line) => !lines.has(line));
    expect([file, changed.length > 0, changed.filter((line) => !line.includes(next))]).toEqual([file, true, []]);
    if (file !== 'package-lock.json') expect(read(file)).not.toContain(`-${before}.tgz`);
  }
});

it('moves texts of changesets to the changelog, each to its section, and what was under Unreleased', () => {
  const rest = '## [0.1.0] - 2026-11-29\n\nFirst.\n';
  writeFileSync(
    join(root, 'CHANGELOG.md'),
    `# Changelog\n\n## [Unreleased]\n\n### Added\n\n#### Stores\n\n- One.\n\n### Fixed\n\n- Two.\n\n${rest}`,
  );
  addChangeset('a', 'patch', 'Three,\nand more.');
  addChangeset('b', 'minor', 'Four.');
  addChangeset('empty', 'minor', '');
  const next = nextMinor();
  release(root, '2030-01-02');
  expect(read('CHANGELOG.md')).toBe(
    `# Changelog\n\n## [Unreleased]\n\n## [${next}] - 2030-01-02\n\n### Added\n\n- Four.\n\n#### Stores\n\n- One.\n\n### Fixed\n\n- Three,\n  and more.\n- Two.\n\n${rest}`,
  );
  writeFileSync(join(root, 'CHANGELOG.md'), `# Changelog\n\n## [Unreleased]\n\n${rest}`);
  addChangeset('c', 'patch', 'Five.');
  addChangeset('d', 'major', 'Six.');
  release(root, '2030-01-03');
  expect(read('CHANGELOG.md')).toBe(
    `# Changelog\n\n## [Unreleased]\n\n## [${Number(next.split('.')[0]) + 1}.0.0] - 2030-01-03\n\n### Changed\n\n- Six.\n\n### Fixed\n\n- Five.\n\n${rest}`,
  );
});

it('refuses a release without changes, or with a changeset that names no kind, and writes nothing', () => {
  expect(() => release(root)).toThrow('.changeset has no change: npm run changeset adds one');
  addChangeset('a', 'large', 'A change.');
  expect(() => release(root)).toThrow('.changeset/a.md names no package with major, minor or patch');
  for (const file of FILES) expect(read(file)).toBe(read(file, '.'));
});

it('the changesets of the repository can be released', () => {
  const waiting = readdirSync('.changeset').filter((name) => name.endsWith('.md'));
  addChangeset('one-more', 'patch', 'Seven.');
  for (const name of waiting) cpSync(join('.changeset', name), join(root, '.changeset', name));
  expect(release(root)).not.toBe(versionOf('package.json', '.'));
  expect(readdirSync(join(root, '.changeset'))).toEqual(['config.json']);
});
