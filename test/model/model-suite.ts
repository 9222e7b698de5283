import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import type { OpenStore } from '../contract/fixtures.js';
import { commandSequence, type Command } from './commands.js';
import { World } from './world.js';

export interface ModelOptions {
  /** How many random sequences are played. */
  runs: number;
  /** Plays the sequences of this seed; otherwise MODEL_SEED, otherwise new ones, named on failure. */
  seed?: number;
  /** The shortest sequence that fails is looked for. Default true. */
  shrink?: boolean;
}

/** Plays one sequence on a fresh store, checking every promise after each command, and brings it to its end. */
export async function playSequence(open: OpenStore, commands: readonly Command[]): Promise<void> {
  const opened = await open();
  try {
    const world = new World(opened);
    await world.begin();
    for (const command of commands) await world.play(command);
    await world.drain();
  } finally {
    await opened.close();
  }
}

/** @throws with the seed and the sequence, if one breaks a promise */
export async function checkModel(open: OpenStore, { runs, seed, shrink = true }: ModelOptions): Promise<void> {
  const fromEnv = process.env['MODEL_SEED'];
  await fc.assert(
    fc.asyncProperty(commandSequence, (commands) => playSequence(open, commands)),
    { numRuns: runs, seed: seed ?? (fromEnv ? Number(fromEnv) : undefined), endOnFailure: !shrink },
  );
}

/** Random sequences of commands, against the promises of a store (docs/architecture.md). */
export function modelSuite(name: string, open: OpenStore, options: ModelOptions): void {
  describe(`store model: ${name}`, () => {
    it(`keeps every promise in ${options.runs} random sequences`, () => checkModel(open, options), 120_000);
  });
}
