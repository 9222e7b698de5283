import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { filesUnder } from '../support/source-files.js';

/** A spec is read a case at a time, and so may be longer than code, which is read whole. */
const MAX_LINES = { code: 350, spec: 550 };

it(`no file is longer than ${MAX_LINES.code} lines, and no spec than ${MAX_LINES.spec}`, () => {
  const files = ['libs', 'src', 'test', 'bench'].flatMap((folder) => filesUnder(folder, '.ts'));
  const tooLong = files.filter((file) => {
    const lines = readFileSync(file, 'utf8').split('\n').length - 1;
    return lines > (file.endsWith('.spec.ts') ? MAX_LINES.spec : MAX_LINES.code);
  });
  expect(tooLong).toEqual([]);
});
