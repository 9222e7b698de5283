import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { closeAll, closeLater, proxyTo, serve } from '../redis/fixtures.js';
import { buildLibrary } from '../support/built-library.js';

const LEASE = 1500;

let library: ReturnType<typeof buildLibrary>;
beforeAll(() => void (library = buildLibrary('cut-off')));
afterEach(closeAll);
afterAll(() => library.remove());

function start(settings: { url: string; standFor: number; hold: number }): ChildProcess {
  const path = fileURLToPath(new URL('./programs/cut-off-app.mjs', import.meta.url));
  const all = JSON.stringify({ namespace: 'cut', lease: LEASE, ...settings });
  const child = fork(path, [library.index, all], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  closeLater(async () => void child.kill('SIGKILL'));
  return child;
}

const heard = async (child: ChildProcess): Promise<unknown> => ((await once(child, 'message')) as [unknown])[0];

describe('a process with a heartbeat thread', () => {
  it('keeps its run while its event loop is blocked for three leases', async () => {
    const child = start({ url: (await serve()).url, standFor: 3 * LEASE, hold: 2 * LEASE });
    expect(await heard(child)).toEqual({ begun: true });
    expect(await heard(child)).toEqual({ code: null });
  });

  it('aborts its run at the end of its lease if it is disconnected together with its thread', async () => {
    const proxy = await proxyTo(await serve());
    const child = start({ url: proxy.url, standFor: 0, hold: 30_000 });
    expect(await heard(child)).toEqual({ begun: true });
    proxy.blackhole();
    const cutAt = performance.now();
    expect(await heard(child)).toEqual({ code: 'LEASE_LOST' });
    const took = performance.now() - cutAt;
    // It would run for 30 s.
    expect(took).toBeLessThan(LEASE + 5_000);
    // Heartbeats are a third of a lease apart.
    expect(took).toBeGreaterThan(LEASE / 3);
  });
});
