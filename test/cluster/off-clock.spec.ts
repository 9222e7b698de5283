import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { buildLibrary } from '../support/built-library.js';
import { LIBFAKETIME } from '../support/libfaketime.js';
import { closeAll, closeLater, serve } from '../redis/fixtures.js';

const PROGRAM = fileURLToPath(new URL('./programs/off-clock.mjs', import.meta.url));

interface Tick {
  due: number;
  at: number;
}
interface Seen {
  off: number;
  begun: number;
  ticks: Record<'declared' | 'put' | 'resumed', Tick[]>;
  delayed: number;
  retried: number;
  appointed: number;
}

(LIBFAKETIME === undefined ? describe.skip : describe)('a process whose clock is off', () => {
  let library: ReturnType<typeof buildLibrary>;
  beforeAll(() => void (library = buildLibrary('off-clock')));
  afterEach(closeAll);
  afterAll(() => library.remove());

  async function see(offset: string): Promise<Seen> {
    const { port } = await serve();
    const faked = {
      LD_PRELOAD: LIBFAKETIME,
      FAKETIME: offset,
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    };
    const args = [library.index, String(port), 'off'];
    const env = { ...process.env, ...faked };
    const child = fork(PROGRAM, args, { env, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    closeLater(async () => void child.kill('SIGKILL'));
    return new Promise((resolve, reject) => {
      child.once('message', (seen) => resolve(seen as Seen));
      child.once('exit', (code) => reject(new Error(`it ended with ${code} and without a word`)));
    });
  }

  it.each([
    ['a minute ahead', '+60', 60_000],
    ['a minute behind', '-60', -60_000],
    ['a day behind', '-86400', -86_400_000],
  ])('runs ticks, delays and retries by the server’s: %s', async (_, offset, ms) => {
    const { off, begun, ticks, ...waits } = await see(offset);
    expect(Math.abs(off - ms)).toBeLessThan(5_000);
    for (const [name, [first, second]] of Object.entries(ticks)) {
      // Not an earlier one, and none skipped: the next tick.
      expect([name, first!.due % 2000, second!.due - first!.due]).toEqual([name, 0, 2000]);
      expect(first!.due - begun).toBeGreaterThan(-2500);
      expect(first!.due - begun).toBeLessThan(2500);
      for (const { due, at } of [first!, second!]) {
        expect(at - due).toBeGreaterThanOrEqual(0);
        expect(at - due).toBeLessThan(1500);
      }
    }
    for (const [least, seen] of [
      [300, waits.delayed],
      [300, waits.retried],
      [0, waits.appointed],
    ] as const) {
      expect(seen).toBeGreaterThanOrEqual(least);
      expect(seen).toBeLessThan(least + 1500);
    }
  });
});
