import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../libs/scheduler/src/core/clock.js';
import { Maintenance } from '../../libs/scheduler/src/maintenance/maintenance.js';
import { closeApps, gate, startApp } from '../support/app.js';
import { removeStores, storeOf } from '../support/stores.js';

/** The machine's clock, which an operator sets. */
class SteppedClock extends SystemClock {
  private by = 0;

  override now(): number {
    return super.now() + this.by;
  }

  step(ms: number): void {
    this.by += ms;
  }
}

afterEach(closeApps);
afterAll(removeStores);

describe.each(['memory', 'embedded'] as const)('an app whose wall clock steps, %s', (name) => {
  it('continues its runs when the clock goes forward by ten minutes', async () => {
    const clock = new SteppedClock();
    const [begun, door] = [gate(), gate()];
    let running = 0;
    let most = 0;
    const { module, scheduler } = await startApp(
      {
        t: [
          { requireLock: true, timeout: '5m', retryConfig: { maxAttempts: 3 } },
          async (_, ctx) => {
            most = Math.max(most, ++running);
            begun.open();
            await door.opened;
            running--;
            return ctx.signal.aborted ? 'aborted' : 'whole';
          },
        ],
      },
      { ...(await storeOf(name)), clock, lease: '15s' },
    );
    const ids = [await scheduler.scheduleTask('t'), await scheduler.scheduleTask('t')];
    await begun.opened;
    clock.step(600_000);
    // Twice: the rescuer skips the first pass after a pause.
    for (let pass = 0; pass < 2; pass++) await module.get(Maintenance, { strict: false }).runAll();
    door.open();
    for (const id of ids)
      expect(await scheduler.waitForExecution(id)).toMatchObject({
        status: 'COMPLETED',
        result: 'whole',
        retryCount: 0,
      });
    expect(most).toBe(1);
  });

  it('runs delays and ticks when the clock goes back by two hours', async () => {
    const clock = new SteppedClock();
    const ticked = gate();
    const { scheduler } = await startApp(
      { t: () => 'ran', tick: () => ticked.open() },
      { ...(await storeOf(name)), clock },
    );
    const id = await scheduler.scheduleTask('t', { delay: 300 });
    await scheduler.scheduleCronTask('tick', '* * * * * *');
    clock.step(-2 * 3_600_000);
    await ticked.opened;
    expect((await scheduler.waitForExecution(id)).result).toBe('ran');
  });
});
