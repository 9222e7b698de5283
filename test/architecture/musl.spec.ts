import { expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const PREBUILDS = 'node_modules/@photostructure/sqlite/prebuilds';

it.each([
  ['linux-x64', 'libc.musl-x86_64.so.1'],
  ['linux-arm64', 'libc.musl-aarch64.so.1'],
])('the native SQLite of the embedded store has a binary for musl on %s', (system, library) => {
  expect(readFileSync(`${PREBUILDS}/${system}/@photostructure+sqlite.musl.node`).includes(library)).toBe(true);
});

it('try-musl reports a missing Docker engine and exits with 69', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/try-musl.mjs'], {
    encoding: 'utf8',
    env: { PATH: '', DOCKER_HOST: 'unix:///nonexistent.sock' },
  });
  expect(stderr).toMatch(/^NOT TRIED: the embedded store on musl needs a Docker engine \(.+\)\n$/);
  expect(status).toBe(69);
});
