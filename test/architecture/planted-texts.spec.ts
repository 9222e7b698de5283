import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { PLANTED_BUGS } from '../campaigns/fixtures/planted-bugs.js';
import { filesUnder } from '../support/source-files.js';

const lua = filesUnder('libs/scheduler/src/store/redis/lua', '.lua').map((path) => readFileSync(path, 'utf8'));

it.each(Object.entries(PLANTED_BUGS))('the replaced text exists once: %s', (_name, { replaced }) => {
  for (const [from] of replaced) {
    const count = lua.reduce((sum, text) => sum + text.split(from).length - 1, 0);
    expect([from, count]).toEqual([from, 1]);
  }
});
