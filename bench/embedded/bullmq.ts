import { Queue, Worker } from 'bullmq';
import { BATCH, CONCURRENCY, PAYLOAD, type Subject } from '../noop-scheduler.js';

/** BullMQ with its own defaults, on a Redis that syncs each write. */
export async function bullmq(port: number): Promise<Subject> {
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  const queue = new Queue('bench', { connection });
  let left = 0;
  let finish: () => void = () => undefined;
  const worker = new Worker('bench', async () => undefined, { connection, concurrency: CONCURRENCY });
  worker.on('completed', () => {
    if (--left === 0) finish();
  });
  await worker.waitUntilReady();
  return {
    run: async (count) => {
      left = count;
      const ended = new Promise<void>((resolve) => (finish = resolve));
      for (let done = 0; done < count; done += BATCH) {
        const size = Math.min(BATCH, count - done);
        const opts = { removeOnComplete: { count: 1000 } };
        await queue.addBulk(Array.from({ length: size }, () => ({ name: 'noop', data: PAYLOAD, opts })));
      }
      await ended;
    },
    close: async () => {
      await worker.close();
      await queue.close();
    },
  };
}
