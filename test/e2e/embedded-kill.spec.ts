import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Clock } from '../../libs/scheduler/src/core/clock.js';
import { MemoryTaskStore } from '../../libs/scheduler/src/store/memory/memory.store.js';
import { rescueLost } from '../../libs/scheduler/src/engine/worker.js';
import { firstDifference } from '../model/compare-stores.js';
import { buildModules } from '../support/built-library.js';
import { temporaryFolder } from '../support/open-embedded.js';
import { comparable, recovered, removeStore } from '../support/recovered.js';

const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 50);
/** Rounds on one file, before a new file. */
const ROUNDS_PER_FILE = 20;
const LIMIT_MS = 1_000 + ROUNDS * 6_000;
jest.setTimeout(LIMIT_MS);

interface Command {
  n: number;
  now: number;
  verb: string;
  args: unknown[];
}

/**
 * The memory store, which plays the commands of the killed processes in the order in which they were called. Their store
 * has committed some of them, from the first on without a gap, and those that were answered at least.
 */
class Replica {
  private now = 0;
  private readonly clock: Clock = {
    now: () => this.now,
    monotonic: () => this.now,
    setTimer: () => ({ cancel: () => undefined }),
    setRepeating: () => ({ cancel: () => undefined }),
  };
  private readonly store = new MemoryTaskStore({ clock: this.clock, history: { count: 100_000 } });

  async play({ now, verb, args }: Command): Promise<void> {
    this.now = now;
    if (verb === 'open') return this.reopen();
    const call = this.store[verb as keyof MemoryTaskStore] as (...args: unknown[]) => Promise<unknown>;
    // A command that is refused here was refused there.
    await call.apply(this.store, args).catch(() => undefined);
  }

  /** Where its state differs from one that was found, or null. Counters first, which nearly always differ. */
  async differenceFrom(found: unknown): Promise<string | null> {
    const { counters } = await this.store.stats();
    const difference = firstDifference(counters, (found as { counters: unknown }).counters, 'dump.counters');
    return difference ?? firstDifference(comparable(await this.store.dump()), found, 'dump');
  }

  /** The workers of the previous process are gone. */
  private async reopen(): Promise<void> {
    await this.store['commit']((s) => {
      for (const worker of s.workers.values()) worker.leaseUntil = 0;
      rescueLost(s, Number.POSITIVE_INFINITY);
    });
  }
}

describe('a process killed at any moment', () => {
  let library: ReturnType<typeof buildModules>;
  const folder = temporaryFolder();
  const path = folder.path('scheduler.db');

  beforeAll(() => {
    library = buildModules('embedded-kill');
  });
  afterAll(() => {
    library.remove();
    folder.remove();
  });

  /** Starts a process on the file, and kills it some ms after this number of acknowledged commands. */
  async function runAndKill(
    sync: string,
    least: number,
    after: number,
  ): Promise<{ commands: Command[]; answered: number }> {
    const [commandLog, answerLog] = [folder.path('commands'), folder.path('answers')];
    for (const log of [commandLog, answerLog]) rmSync(log, { force: true });
    const program = fileURLToPath(new URL('./fixtures/embedded-load.mjs', import.meta.url));
    const child = spawn(process.execPath, [program, library.index, path, sync, commandLog, answerLog], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(child, 'exit');
    await Promise.race([once(child.stdout, 'data'), exit]);
    while (child.exitCode === null && linesOf(answerLog).length < least) await sleep(1);
    setTimeout(() => child.kill('SIGKILL'), after);
    expect(await exit).toEqual([null, 'SIGKILL']);
    return {
      commands: linesOf(commandLog).map((line) => JSON.parse(line) as Command),
      answered: linesOf(answerLog).length,
    };
  }

  it(`has all acknowledged calls on disk, and a prefix of the others, in each of ${ROUNDS} rounds`, async () => {
    let replica = new Replica();
    const total = { commands: 0, answered: 0, doubtful: 0, kept: 0 };
    for (let round = 1; round <= ROUNDS; round++) {
      if (round % ROUNDS_PER_FILE === 0) {
        removeStore(path);
        replica = new Replica();
      }
      const sync = round % 4 === 0 ? 'interval' : 'always';
      const { commands, answered } = await runAndKill(sync, Math.random() * 40, Math.random() * 10);
      const found = await recovered(path, folder.path('copy.db'));
      for (const command of commands.slice(0, answered)) await replica.play(command);
      let difference = await replica.differenceFrom(found);
      let nearest = difference;
      let kept = 0;
      for (const command of commands.slice(answered)) {
        if (difference === null) break;
        await replica.play(command);
        kept++;
        difference = await replica.differenceFrom(found);
        if (difference !== null && !difference.startsWith('dump.counters')) nearest = difference;
      }
      if (difference !== null)
        throw new Error(
          `round ${round}: no prefix of ${commands.length} commands, ${answered} of them answered, explains the file: ${nearest}`,
        );
      total.commands += commands.length;
      total.answered += answered;
      total.doubtful += commands.length - answered;
      total.kept += kept;
      removeStore(folder.path('copy.db'));
    }
    process.stdout.write(`${ROUNDS} kills: ${JSON.stringify(total)}\n`);
    // Otherwise no kill has interrupted a command.
    expect(total.answered).toBeGreaterThan(ROUNDS * 10);
    expect(total.doubtful).toBeGreaterThan(0);
  });
});

/** Whole lines; the last one may have been cut off. */
function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}
