import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { OpenFile } from '../../libs/scheduler/src/store/embedded/open-file.js';
import { WorkingSet } from '../../libs/scheduler/src/store/embedded/working-set.js';
import { historySettings } from '../../libs/scheduler/src/store/history-settings.js';
import { dump } from '../../libs/scheduler/src/store/maps/dump.js';
import { State } from '../../libs/scheduler/src/store/maps/state.js';

/** All that a store is made of, while nothing has it open. */
export const FILES = ['', '-wal', '-owner'] as const;

export function removeStore(path: string): void {
  for (const suffix of [...FILES, '-shm', '-lock', '-reserve']) rmSync(path + suffix, { force: true });
}

export function copyStore(from: string, to: string): void {
  for (const suffix of FILES) if (existsSync(from + suffix)) copyFileSync(from + suffix, to + suffix);
}

/** What is in the files of a store, read from a copy as the next process would: before it brings back what ran. */
export async function recovered(path: string, copy: string): Promise<unknown> {
  copyStore(path, copy);
  const workingSet = new WorkingSet();
  const history = historySettings({ count: Number.POSITIVE_INFINITY });
  const state = new State(() => false, { lease: 15_000, maxAttemptDuration: 1, history }, workingSet);
  const limits = history;
  const changed = new Set<never>();
  const file = await OpenFile.open({ path: copy, sync: 'always', state, workingSet, changed, limits, now: () => 0 });
  try {
    workingSet.loadAll();
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

/**
 * Without what ends with a process: its workers but for their runs, and those who wait by a call of `acquire`; nor
 * queues in which nothing is.
 */
export function comparable(whole: unknown): unknown {
  const { workers, locks, queues, ...rest } = structuredClone(whole) as Dump;
  const plain = {
    ...rest,
    workers: workers.flatMap(({ workerId, running }) => (running.length > 0 ? [{ workerId, running }] : [])),
    queues: queues.filter(({ paused, running, ready }) => paused || running > 0 || ready.flat().length > 0),
    locks: locks.map((lock) => ({ ...lock, waiting: null })),
  };
  return JSON.parse(JSON.stringify(plain)) as unknown;
}
