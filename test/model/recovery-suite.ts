import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { copyFileSync, existsSync } from 'node:fs';
import { dump } from '../../libs/scheduler/src/store/memory/dump.js';
import { State } from '../../libs/scheduler/src/store/memory/state.js';
import { EmbeddedTaskStore } from '../../libs/scheduler/src/store/embedded/embedded.store.js';
import { OpenFile } from '../../libs/scheduler/src/store/embedded/open-file.js';
import { Residents } from '../../libs/scheduler/src/store/embedded/residents.js';
import { HistoryLimits } from '../../libs/scheduler/src/store/embedded/trim.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { temporaryFolder } from '../support/open-embedded.js';
import { commandSequence, type Command } from './commands.js';
import { firstDifference } from './compare-stores.js';
import { seedOf, type ModelOptions } from './model-suite.js';
import { violated } from './violation.js';
import { World } from './world.js';

/** What is in the files as they are now, read as after a kill. */
async function recovered(path: string, copy: string): Promise<unknown> {
  for (const suffix of ['', '-wal']) if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
  const residents = new Residents();
  const history = { count: Number.POSITIVE_INFINITY, age: null, bytes: null };
  const state = new State(() => false, { lease: 15_000, maxAttemptDuration: 1, history }, residents);
  const limits = new HistoryLimits(history.count, null, null);
  const changed = new Set<never>();
  const file = await OpenFile.open({ path: copy, sync: 'always', state, residents, changed, limits, now: () => 0 });
  try {
    residents.recallAll();
    return comparable(dump(state));
  } finally {
    file.close(true);
  }
}

interface Dump {
  workers: { workerId: string; running: string[] }[];
  locks: object[];
  queues: { paused: boolean; running: number; ready: string[][] }[];
}

/** Without what ends with a process: its workers but for their runs, and those who wait by a call of `acquire`; nor queues in which nothing is. */
function comparable(whole: unknown): unknown {
  const { workers, locks, queues, ...rest } = whole as Dump;
  return {
    ...rest,
    workers: workers.flatMap(({ workerId, running }) => (running.length > 0 ? [{ workerId, running }] : [])),
    queues: queues.filter(({ paused, running, ready }) => paused || running > 0 || ready.flat().length > 0),
    locks: locks.map((lock) => ({ ...lock, waiting: null })),
  };
}

async function playAndRecover(commands: readonly Command[], historyCount: number): Promise<void> {
  const folder = temporaryFolder();
  const path = folder.path('scheduler.db');
  const clock = new ManualClock();
  const store = new EmbeddedTaskStore({ path, clock, history: { count: historyCount } });
  await store.open();
  try {
    const world = new World({ store, clock, close: () => store.close() }, historyCount);
    await world.begin();
    for (const [n, command] of commands.entries()) {
      await world.play(command);
      const [live, copy] = [comparable(await store.dump()), await recovered(path, folder.path(`copy-${n}.db`))];
      const difference = firstDifference(JSON.parse(JSON.stringify(live)), JSON.parse(JSON.stringify(copy)), 'dump');
      if (difference) violated('I19', `after ${command.kind}, in memory and on disk: ${difference}`);
    }
  } finally {
    await store.close();
    folder.remove();
  }
}

/** After each acknowledged command, what is read from the files is what is in memory. */
export function recoverySuite({ runs, historyCount = 1000, seed }: ModelOptions): void {
  describe('recovery', () => {
    it(`finds the same state after each command of ${runs} random sequences`, async () => {
      const property = fc.asyncProperty(commandSequence, (commands) => playAndRecover(commands, historyCount));
      await fc.assert(property, { numRuns: runs, seed: seed ?? seedOf() });
    }, 600_000);
  });
}
