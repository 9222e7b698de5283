import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import type { OpenStore } from '../contract/fixtures.js';
import { commandSequence, type Command } from './commands.js';
import { ALL } from './config.js';
import { InvariantViolation } from './violation.js';
import { Model } from './model.js';

const USUAL_SEED = 20_261_129;

export interface ModelOptions {
  /**
   * How many random sequences are played; MODEL_RUNS in the environment asks for another number. Of 14 planted bugs with 4
   * seeds each, 20 sequences find 53 of 56, 60 find all (test/model/planted-bugs.spec.ts).
   */
  runs: number;
  /** Plays the sequences of this seed; otherwise those of MODEL_SEED, otherwise always the same. A failure names its seed. */
  seed?: number;
  /** How many ended executions the store keeps: few, to test history. Default: more than there are. */
  historyCount?: number;
  /** What the sequences are drawn from. Default: all commands, by their weights. */
  commands?: fc.Arbitrary<Command[]>;
  /** Whether to search for the shortest failing sequence. Default true. */
  shrink?: boolean;
}

/** Runs one sequence on a new store, checks every invariant after each command, and runs everything to its end. */
export async function playSequence(open: OpenStore, commands: readonly Command[], historyCount = ALL): Promise<void> {
  const opened = await open({ history: { count: historyCount } });
  try {
    const model = new Model(opened, historyCount);
    await model.begin();
    for (const command of commands) await model.play(command);
    await model.drain();
  } finally {
    await opened.close();
  }
}

/** @throws with the seed and the sequence, if one violates an invariant */
export async function checkModel(open: OpenStore, options: ModelOptions): Promise<void> {
  const { runs, seed, shrink = true, historyCount, commands = commandSequence } = options;
  const property = fc.asyncProperty(commands, (sequence) => playSequence(open, sequence, historyCount));
  await fc.assert(property, bounded({ numRuns: runs, seed: seed ?? seedOf(), endOnFailure: !shrink }));
}

/** The first invariant that a store violates, or null: for stores with a planted bug. */
export async function findViolation(open: OpenStore, { runs, seed }: ModelOptions): Promise<InvariantViolation | null> {
  const property = fc.asyncProperty(commandSequence, (commands) => playSequence(open, commands));
  const details = await fc.check(property, { numRuns: runs, seed, endOnFailure: true });
  const { errorInstance } = details;
  if (details.failed && !(errorInstance instanceof InvariantViolation)) throw errorInstance;
  return (errorInstance as InvariantViolation | undefined) ?? null;
}

/**
 * Ensures that a failure is reported: a blocked sequence fails, and the search for the shortest one is limited by the same
 * time. A deep run, with MODEL_RUNS, has no limit.
 */
export function bounded<T>(parameters: fc.Parameters<T>): fc.Parameters<T> {
  const isDeep = process.env['MODEL_RUNS'] !== undefined;
  const limit = isDeep ? {} : { interruptAfterTimeLimit: 200_000, markInterruptAsFailure: true };
  return { ...parameters, timeout: 60_000, ...limit };
}

/** The seed that the environment asks for. A deep run, which MODEL_RUNS asks for, has a new one each time. */
export function seedOf(): number | undefined {
  const { MODEL_SEED, MODEL_RUNS } = process.env;
  if (MODEL_SEED !== undefined) return Number(MODEL_SEED);
  return MODEL_RUNS === undefined ? USUAL_SEED : undefined;
}

/** Random sequences of commands, against the invariants of a store (docs/architecture.md). */
export function modelSuite(name: string, open: OpenStore, options: ModelOptions): void {
  describe(`store model: ${name}`, () => {
    const runs = Number(process.env['MODEL_RUNS'] ?? options.runs);
    it(`satisfies all invariants in ${runs} random sequences`, () => checkModel(open, { ...options, runs }), 600_000);
  });
}
