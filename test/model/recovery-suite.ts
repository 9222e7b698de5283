import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { EmbeddedTaskStore } from '../../libs/scheduler/src/store/embedded/embedded.store.js';
import { ManualClock } from '../../libs/scheduler/src/testing/manual-clock.js';
import { temporaryFolder } from '../support/open-embedded.js';
import { comparable, recovered } from '../support/recovered.js';
import { commandSequence, type Command } from './commands.js';
import { firstDifference } from './compare-stores.js';
import { bounded, seedOf, type ModelOptions } from './model-suite.js';
import { violated } from './violation.js';
import { Model } from './model.js';

async function playAndRecover(commands: readonly Command[], historyCount: number): Promise<void> {
  const folder = temporaryFolder();
  const path = folder.path('scheduler.db');
  const clock = new ManualClock();
  const store = new EmbeddedTaskStore({ path, clock, history: { count: historyCount } });
  await store.open();
  try {
    const model = new Model({ store, clock, close: () => store.close() }, historyCount);
    await model.begin();
    for (const [n, command] of commands.entries()) {
      await model.play(command);
      const [live, copy] = [comparable(await store.dump()), await recovered(path, folder.path(`copy-${n}.db`))];
      const difference = firstDifference(live, copy, 'dump');
      if (difference) violated('I19', `after ${command.kind}, in memory and on disk: ${difference}`);
    }
  } finally {
    await store.close();
    folder.remove();
  }
}

/** After each acknowledged command, the state restored from the files equals the state in memory. */
export function recoverySuite({ runs, historyCount = 1000, seed }: ModelOptions): void {
  describe('recovery', () => {
    it(`restores the same state after each command of ${runs} random sequences`, async () => {
      const property = fc.asyncProperty(commandSequence, (commands) => playAndRecover(commands, historyCount));
      await fc.assert(property, bounded({ numRuns: runs, seed: seed ?? seedOf() }));
    }, 600_000);
  });
}
