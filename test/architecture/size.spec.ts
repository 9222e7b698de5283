import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { filesUnder } from '../support/source-files.js';

/** A spec is read a case at a time, and so may be longer than code, which is read whole. */
const MAX_LINES = { code: 350, spec: 550 };

it(`no file is longer than ${MAX_LINES.code} lines, and no spec than ${MAX_LINES.spec}`, () => {
  const files = ['libs', 'src', 'test', 'bench'].flatMap((folder) =>
    ['.ts', '.tsx', '.lua'].flatMap((ending) => filesUnder(folder, ending)),
  );
  expect(new Set(files.map((file) => extname(file)))).toEqual(new Set(['.ts', '.tsx', '.lua']));
  const tooLong = files.filter((file) => {
    const text = readFileSync(file, 'utf8');
    const lines = text.startsWith('-- Generated from ') ? 0 : text.split('\n').length - 1;
    return lines > (file.endsWith('.spec.ts') ? MAX_LINES.spec : MAX_LINES.code);
  });
  expect(tooLong).toEqual([]);
});
