import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifestsOf } from '../../scripts/manifests.mjs';
import { CHART, setVersion, TARBALL_NAMED_IN } from '../../scripts/set-version.mjs';

const MANIFESTS = manifestsOf('.');

const FILES = [...MANIFESTS, 'package-lock.json', 'CHANGELOG.md', ...Object.keys(TARBALL_NAMED_IN), CHART].filter(
  (file) => existsSync(file),
);

let root: string;
const read = (file: string, from = root): string => readFileSync(join(from, file), 'utf8');
const versionOf = (file: string, from = root): string => (JSON.parse(read(file, from)) as { version: string }).version;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'set-version-'));
  for (const file of FILES) cpSync(file, join(root, file));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it('everything in the repository has one version', () => {
  const [version, ...others] = [...MANIFESTS, 'package-lock.json'].map((file) => versionOf(file, '.'));
  expect(new Set(others)).toEqual(new Set([version]));
  expect(read('CHANGELOG.md', '.')).toContain(`\n## [${version}] - 20`);
  for (const [file, name] of Object.entries(TARBALL_NAMED_IN))
    expect(read(file, '.')).toContain(`${name}-${version}.tgz`);
  if (existsSync(CHART)) expect(read(CHART, '.')).toContain(`\nversion: ${version}\nappVersion: ${version}\n`);
});

it('writes the next version everywhere, and adds its heading to the changes', () => {
  const before = versionOf('package.json');
  setVersion('77.0.0', root, '2030-01-02');
  const released = ['scheduler', 'scheduler-cli', 'scheduler-console'].map((name) => `libs/${name}/package.json`);
  expect(MANIFESTS).toEqual(['package.json', ...released]);
  expect(MANIFESTS.map((file) => versionOf(file))).toEqual(['77.0.0', '77.0.0', '77.0.0', '77.0.0']);
  expect(read('libs/scheduler-console/package.json')).toContain('"nestjs-advanced-scheduler": "^77.0.0"');
  expect(read('CHANGELOG.md')).toContain('\n## [Unreleased]\n\n## [77.0.0] - 2030-01-02\n');
  for (const file of FILES) {
    const lines = new Set(read(file, '.').split('\n'));
    const changed = read(file)
      .split('\n')
      .filter((line) => !lines.has(line));
    expect(changed.filter((line) => !line.includes('77.0.0'))).toEqual([]);
    if (file !== 'package-lock.json') expect(read(file)).not.toContain(`-${before}.tgz`);
  }
});

it.each(['0.0.1', '1.0', 'v99.0.0', '0.1.0', undefined])('refuses %s and writes nothing', (version) => {
  expect(() => setVersion(version as string, root)).toThrow(/is no version above/);
  for (const file of FILES) expect(read(file)).toBe(read(file, '.'));
});

it('refuses a release without changes', () => {
  setVersion('77.0.0', root);
  expect(() => setVersion('77.0.1', root)).toThrow(/nothing under Unreleased/);
  expect(versionOf('package.json')).toBe('77.0.0');
});
