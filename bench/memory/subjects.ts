import fastq from 'fastq';
import type { AdvancedTaskScheduler } from 'nestjs-advanced-scheduler';
import PQueue from 'p-queue';
import { CONCURRENCY, NOOP, PAYLOAD, schedulerOn, type Subject } from '../noop-scheduler.js';

async function oneByOne(instance: AdvancedTaskScheduler, count: number): Promise<void> {
  const ids: Promise<string>[] = [];
  for (let i = 0; i < count; i++) ids.push(instance.scheduleTask(NOOP, { payload: PAYLOAD }));
  await Promise.all(ids);
}

/** Each runs `count` no-ops, 100 at a time, all of them queued at once. */
export const SUBJECTS: Record<string, () => Promise<Subject>> = {
  'scheduler, one by one': () => schedulerOn({ type: 'memory' }, oneByOne),
  'scheduler, in bulk': () => schedulerOn({ type: 'memory' }),
  'fastq.promise': () => {
    const queue = fastq.promise(async () => undefined, CONCURRENCY);
    return Promise.resolve({
      run: async (count) => {
        const ends: Promise<void>[] = [];
        for (let i = 0; i < count; i++) ends.push(queue.push(PAYLOAD));
        await Promise.all(ends);
      },
      close: () => Promise.resolve(),
    });
  },
  'fastq.promise, JSON': () => {
    // The payload is copied, as a queue must do whose callers may change theirs.
    const queue = fastq.promise(async (text: string) => void JSON.parse(text), CONCURRENCY);
    return Promise.resolve({
      run: async (count) => {
        const ends: Promise<void>[] = [];
        for (let i = 0; i < count; i++) ends.push(queue.push(JSON.stringify(PAYLOAD)));
        await Promise.all(ends);
      },
      close: () => Promise.resolve(),
    });
  },
  'p-queue': () => {
    const queue = new PQueue({ concurrency: CONCURRENCY });
    return Promise.resolve({
      run: async (count) => {
        const ends: Promise<unknown>[] = [];
        for (let i = 0; i < count; i++) ends.push(queue.add(async () => undefined));
        await Promise.all(ends);
      },
      close: () => Promise.resolve(),
    });
  },
};
