import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { digestOfSources } from '../../scripts/build-changed.mjs';

let root: string;
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sources-'));
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'nest-cli.json'])
    write(name, '{}');
  for (const folder of ['src', 'bench', 'libs/scheduler/src', 'scripts']) write(`${folder}/index.ts`, folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it.each(['src/index.ts', 'src/new.ts', 'libs/scheduler/src/a/verb.lua', 'scripts/tool.mjs', 'package-lock.json'])(
  'npm start builds again after a change of %s',
  (path) => {
    const before = digestOfSources(root);
    write(path, 'changed');
    expect(digestOfSources(root)).not.toBe(before);
  },
);

it.each(['libs/scheduler/dist/index.js', 'libs/console/ui-dist/a.js', 'src/index.spec.ts', 'README.md'])(
  'npm start builds nothing after a change of %s',
  (path) => {
    const before = digestOfSources(root);
    write(path, 'changed');
    expect(digestOfSources(root)).toBe(before);
  },
);
