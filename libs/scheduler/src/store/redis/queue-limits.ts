import type { QueueRules } from '../records.js';
import type { Scripts } from './large-batches.js';
import { STAGE_BYTES, split } from './request-size.js';

/** Queues that one script marks as declared, or clears. */
const QUEUES_PER_CALL = 100;

/** Sets the limits of a queue, and counts its runs in bounded steps if it had no limits before. */
export async function configureQueue(
  scripts: Scripts,
  queue: string,
  { rateLimit, concurrency }: QueueRules,
  declaredBy: string | null,
): Promise<void> {
  const limits = [rateLimit?.max ?? '', rateLimit?.per ?? '', concurrency ?? ''];
  let isCounted = await scripts.commit<number>('configureQueue', queue, declaredBy ?? '', ...limits);
  try {
    while (isCounted === 0) isCounted = await scripts.commitRepeatable('countRuns');
  } catch {
    // The limits are set. Nothing is claimed from the queue until maintenance has counted its runs.
  }
}

/**
 * Marks queues as declared, then clears the limits of queues that are not declared any more, in bounded steps. A queue that
 * another process declares meanwhile is not cleared. @returns the names of cleared queues
 */
export async function declareQueues(
  scripts: Scripts,
  appName: string,
  queues: readonly string[],
  clearOthersNow: boolean,
): Promise<string[]> {
  const flag = clearOthersNow ? 1 : 0;
  for (const part of partsOf(queues)) await scripts.commit('declareQueues', appName, ...part);
  const declared = new Set(queues);
  const undeclared = new Set<string>();
  for (let place = ''; place !== '0';) {
    const [next, ...names] = await scripts.query<string[]>('undeclaredQueues', appName, flag, place || '0');
    for (const name of names) if (!declared.has(name)) undeclared.add(name);
    place = next!;
  }
  const cleared: string[] = [];
  for (const part of partsOf([...undeclared].sort()))
    cleared.push(...(await scripts.commit<string[]>('clearQueues', appName, flag, ...part)));
  return cleared;
}

function partsOf(queues: readonly string[]): string[][] {
  return split(queues, QUEUES_PER_CALL, STAGE_BYTES, (name) => name.length);
}
