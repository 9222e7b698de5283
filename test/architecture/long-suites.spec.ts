import { expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';

it('every suite that is listed as long exists', () => {
  const list = /LONG_SUITES = \[([^\]]+)\]/.exec(readFileSync('jest.config.mjs', 'utf8'))![1]!;
  const paths = [...list.matchAll(/'([^']+)'/g)].map(([, path]) => path!);
  expect(paths.length).toBeGreaterThan(10);
  expect(paths.filter((path) => !existsSync(path))).toEqual([]);
});
