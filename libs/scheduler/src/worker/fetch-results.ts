import type { Clock } from '../core/clock.js';
import type { WorkerStore } from '../store/task-store.js';
import type { Run } from './run.js';

const RETRY_MS = [50, 100, 250, 500, 1000];

/**
 * Fetches the results that a claim omitted, page by page, so `ctx.results` is complete when the handler starts. A
 * failed page is requested again as long as the run is needed; the store's calls have their own deadlines.
 * @param onFailure called with the first failure of each page
 */
export async function fetchResults(
  run: Run,
  store: Pick<WorkerStore, 'getResults'>,
  clock: Pick<Clock, 'setTimer'>,
  onFailure: (error: unknown) => void,
): Promise<void> {
  const isWanted = (): boolean => run.stop === null && !run.settled;
  let from: number | null = run.claim.resultsLeft ?? null;
  for (let failures = 0; from !== null && isWanted();) {
    try {
      const { results, next } = await store.getResults(run.claim.executionId, from);
      run.ctx.addResults(results);
      from = next;
      failures = 0;
    } catch (error) {
      if (failures === 0) onFailure(error);
      const pause = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]!;
      await new Promise<void>((resolve) => clock.setTimer(pause, resolve));
    }
  }
}
