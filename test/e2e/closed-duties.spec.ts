import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { StoreUnavailableError } from '../../libs/scheduler/src/core/errors.js';
import { Liveness } from '../../libs/scheduler/src/core/liveness.js';
import { Maintenance } from '../../libs/scheduler/src/maintenance/maintenance.js';
import { TASK_STORE, type TaskStore } from '../../libs/scheduler/src/store/task-store.js';
import { closeApps, SILENT, startKit } from '../support/app.js';

afterEach(async () => {
  await closeApps();
  Logger.overrideLogger(SILENT);
});

describe('a store that is closed during maintenance duties', () => {
  it.each([
    ['its store', async (store: TaskStore) => store.close()],
    [
      'the connection of a call',
      async (_: TaskStore, maintenance: Maintenance) => {
        void maintenance.stop();
        throw new StoreUnavailableError('the connection is closed');
      },
    ],
  ] as const)('causes no failure of duties or of the worker: %s', async (_, end) => {
    const { module, clock, scheduler } = await startKit({ t: () => undefined });
    await scheduler.scheduleCronTask('t', '* * * * * *');
    const store = module.get<TaskStore>(TASK_STORE, { strict: false });
    const fire = store.fire.bind(store);
    const fired = jest.spyOn(store, 'fire').mockImplementation(async (commands) => {
      await end(store, maintenance);
      return fire(commands);
    });
    const maintenance = module.get(Maintenance, { strict: false });
    const said: string[] = [];
    const note = (line: unknown): void => void said.push(String(line));
    Logger.overrideLogger({ ...SILENT, warn: note, error: note });
    while (fired.mock.calls.length === 0) {
      clock.advance(1_000);
      await maintenance.runAll();
    }
    // Heartbeats of the worker.
    clock.advance(15_000);
    await new Promise((resolve) => setImmediate(resolve));
    await maintenance.runAll();
    expect(said).toEqual([]);
    expect(module.get(Liveness, { strict: false }).failing).toEqual([]);
  });
});
