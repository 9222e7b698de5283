import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { buildLibrary } from '../support/built-library.js';
import { LIBFAKETIME } from '../support/libfaketime.js';
import { temporaryFolder } from '../support/open-embedded.js';
import { run } from '../support/run-program.js';

jest.setTimeout(90_000);

const onMachinesWithIt = LIBFAKETIME === undefined ? describe.skip : describe;

onMachinesWithIt('a process whose clock is set ten minutes forward, then two hours back', () => {
  let library: ReturnType<typeof buildLibrary>;
  const folder = temporaryFolder();
  beforeAll(() => void (library = buildLibrary('clock-set')));
  afterAll(() => {
    library.remove();
    folder.remove();
  });

  it.each([
    ['memory', { type: 'memory' }],
    ['embedded', { type: 'embedded', path: folder.path('scheduler.db') }],
  ])('keeps its runs and its lock, and postpones nothing, %s', async (name, store) => {
    const offsets = folder.path(`${name}-offset`);
    writeFileSync(offsets, '+0\n');
    const variables = [
      `LD_PRELOAD=${LIBFAKETIME}`,
      `FAKETIME_TIMESTAMP_FILE=${offsets}`,
      'FAKETIME_NO_CACHE=1',
      'FAKETIME_DONT_FAKE_MONOTONIC=1',
      'DONT_FAKE_MONOTONIC=1',
    ];
    const script = fileURLToPath(new URL('./fixtures/set-clock.mjs', import.meta.url));
    const program = [process.execPath, script, library.index, JSON.stringify(store), offsets];
    const { stdout } = await run('env', [...variables, ...program], process.cwd(), 60_000);
    const seen = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown>;
    expect(readFileSync(offsets, 'utf8')).toBe('-6600\n');
    expect(seen).toMatchObject({ most: 1 });
    const end = { status: 'COMPLETED', result: 'whole', retryCount: 0 };
    expect(seen.ends).toEqual([end, end]);
    expect(seen.forward).toBeGreaterThan(590_000);
    expect(seen.back).toBeLessThan(-7_100_000);
    expect(seen.waited).toBeLessThan(10_000);
  });
});
