import type { Action } from '../protocol.js';
import type { Metrics, Run } from '../run.js';

const SHARE = 1 / 6;

/** A warm producer does the same to each of many queued jobs, 100 in flight. */
export async function measureEach(run: Run, action: Action): Promise<Metrics> {
  const producer = await run.spawn('producer');
  const [warmUp, jobs] = [run.warmUp({}, SHARE), run.jobs({}, SHARE)];
  await producer.call('add', { count: warmUp, mode: 'bulk', keepIds: true });
  await producer.call('each', action);
  await producer.call('add', { count: jobs, mode: 'bulk', keepIds: true });
  const metrics = await run.measure(jobs, () => producer.call('each', action));
  await run.expectQueued(producer, action === 'cancel' ? 0 : warmUp + jobs);
  return metrics;
}
