import { afterAll, afterEach, describe, expect, it, jest } from '@jest/globals';
import { closeApps, gate, startApp } from '../support/app.js';
import { cpuTime } from '../support/cpu-time.js';
import { removeStores, storeOf } from '../support/stores.js';

jest.setTimeout(120_000);
afterEach(closeApps);
afterAll(removeStores);

const SCHEDULES = 2000;

describe.each([
  ['memory', 6_000],
  ['embedded', 12_000],
  ['redis', 12_000],
] as const)('2,000 schedules that are due in one second, %s', (name, limit) => {
  it('start in time, and do not block the event loop', async () => {
    const lateness: number[] = [];
    const all = gate();
    let due = Infinity;
    const { scheduler } = await startApp(
      { t: () => (lateness.push(Date.now() - due) === SCHEDULES ? all.open() : undefined) },
      { ...(await storeOf(name)), maxConcurrentTasks: 50 },
    );
    // Far enough ahead to put them all before.
    const at = new Date(Math.ceil((Date.now() + 20_000) / 1000) * 1000);
    due = at.getTime();
    const expression = `${at.getUTCSeconds()} ${at.getUTCMinutes()} ${at.getUTCHours()} * * *`;
    for (let i = 0; i < SCHEDULES; i += 100)
      await Promise.all(
        Array.from({ length: 100 }, (_, j) => scheduler.scheduleCronTask('t', expression, { id: `s${i + j}` })),
      );
    expect(Date.now()).toBeLessThan(due);
    let turned = cpuTime();
    let longest = 0;
    const watch = setInterval(() => {
      if (Date.now() > due - 100) longest = Math.max(longest, turned());
      turned = cpuTime();
    }, 5);
    await all.opened;
    clearInterval(watch);
    process.stdout.write(`${name}: first ${lateness[0]} ms, last ${lateness.at(-1)} ms, longest block ${longest} ms\n`);
    expect(lateness.at(-1)).toBeLessThan(limit);
    expect(longest).toBeLessThan(500);
  });
});
