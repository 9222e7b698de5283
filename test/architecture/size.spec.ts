import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { filesUnder } from '../support/source-files.js';

const MAX_LINES = 350;

/** Where a longer file reads better than two. */
const LONGER: Record<string, string> = {
  'libs/scheduler/src/core/errors.ts': 'the list of all errors, in one place',
};

it(`no source file is longer than ${MAX_LINES} lines`, () => {
  const files = ['libs', 'src', 'test', 'bench'].flatMap((folder) => filesUnder(folder, '.ts'));
  const tooLong = files.filter((file) => readFileSync(file, 'utf8').split('\n').length - 1 > MAX_LINES);
  expect(tooLong.sort()).toEqual(Object.keys(LONGER).sort());
});
