import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setRepository } from '../../scripts/set-repository.mjs';

const MANIFESTS = [
  'package.json',
  ...['scheduler', 'scheduler-console', 'scheduler-cli'].map((name) => `libs/${name}/package.json`),
];

let root: string;
const read = (path: string, from = root) => JSON.parse(readFileSync(join(from, path), 'utf8')) as Record<string, any>;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'set-repository-'));
  for (const path of MANIFESTS) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    cpSync(path, join(root, path));
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('writes the address into each package, once, however often it runs, and changes nothing else', () => {
  setRepository('https://example.org/first/name.git', root);
  setRepository('https://example.org/owner/name/', root);
  for (const path of MANIFESTS) {
    const { homepage, bugs, repository, ...rest } = read(path);
    const { homepage: _h, bugs: _b, repository: _r, ...before } = read(path, '.');
    const directory = dirname(path) === '.' ? {} : { directory: dirname(path) };
    expect({ homepage, bugs, repository }).toEqual({
      homepage: 'https://example.org/owner/name#readme',
      bugs: { url: 'https://example.org/owner/name/issues' },
      repository: { type: 'git', url: 'git+https://example.org/owner/name.git', ...directory },
    });
    expect(Object.entries(rest)).toEqual(Object.entries(before));
  }
});

it('has the same address in each package, or none', () => {
  const urls = MANIFESTS.map((path) => (read(path, '.')['repository'] as { url: string } | undefined)?.url);
  expect(new Set(urls).size).toBe(1);
});

it('accepts only https addresses', () => {
  expect(() => setRepository('git@example.org:owner/name.git', root)).toThrow();
  expect(() => setRepository('http://example.org/owner/name', root)).toThrow(/https/);
});
