import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import type { OpenStore } from '../contract/fixtures.js';
import { commandSequence, type Command } from './commands.js';
import { bounded, seedOf, type ModelOptions } from './model-suite.js';
import { ALL } from './config.js';
import { violated } from './violation.js';
import { Model } from './model.js';

export interface CompareOptions extends ModelOptions {
  /** Executions that end at the same time may enter history in any order. Default false. */
  anyHistoryOrder?: boolean;
}

/** Plays one sequence on two stores in step; after each command their dumps must be the same. */
async function playBoth(
  openA: OpenStore,
  openB: OpenStore,
  commands: readonly Command[],
  { historyCount = ALL, anyHistoryOrder = false }: CompareOptions,
): Promise<void> {
  const history = { count: historyCount };
  const [a, b] = [await openA({ history }), await openB({ history })];
  try {
    const models = [new Model(a, historyCount), new Model(b, historyCount)];
    const compare = async (after: string): Promise<void> => {
      const [one, other] = (await Promise.all([a.store.dump(), b.store.dump()])) as {
        history: Record<string, string[]>;
      }[];
      if (anyHistoryOrder)
        for (const { history } of [one!, other!]) for (const ids of Object.values(history)) ids.sort();
      const difference = firstDifference(one, other, 'dump');
      if (difference) violated('SAME', `after ${after}: ${difference}`);
    };
    for (const model of models) await model.begin();
    for (const command of commands) {
      for (const model of models) await model.play(command);
      await compare(command.kind);
    }
    for (const model of models) await model.drain();
    await compare('the end');
  } finally {
    await a.close();
    await b.close();
  }
}

/** Where two JSON values differ first, or null. */
export function firstDifference(a: unknown, b: unknown, path: string): string | null {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return Object.is(a, b) ? null : `${path} is ${JSON.stringify(a)} in one, ${JSON.stringify(b)} in the other`;
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const difference = firstDifference(left[key], right[key], `${path}.${key}`);
    if (difference) return difference;
  }
  return null;
}

/** @throws with the seed and the sequence, where the two come to different states */
export async function compareStores(openA: OpenStore, openB: OpenStore, options: CompareOptions): Promise<void> {
  const { runs, seed, shrink = true } = options;
  const property = fc.asyncProperty(commandSequence, (commands) => playBoth(openA, openB, commands, options));
  await fc.assert(property, bounded({ numRuns: runs, seed: seed ?? seedOf(), endOnFailure: !shrink }));
}

/** Two stores, one behaviour: the same commands leave the same state. */
export function compareSuite(name: string, openA: OpenStore, openB: OpenStore, options: CompareOptions): void {
  describe(`same behaviour: ${name}`, () => {
    const runs = Number(process.env['MODEL_RUNS'] ?? options.runs);
    it(
      `comes to the same state in ${runs} random sequences`,
      () => compareStores(openA, openB, { ...options, runs }),
      600_000,
    );
  });
}
