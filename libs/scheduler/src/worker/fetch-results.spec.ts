import { describe, expect, it } from '@jest/globals';
import type { Claim } from '../store/records.js';
import { TaskContext } from '../task/task-context.js';
import { fetchResults } from './fetch-results.js';
import { Run } from './run.js';

const claim: Claim = {
  ...{ executionId: 'join', leaseToken: 1, taskId: 'join', queue: 'default', priority: 2, payload: null, run: 1 },
  ...{ failures: 0, scheduledTime: 0, startedTime: 0, timeout: null, workflowId: null, lockKey: null },
  ...{ fencingToken: null, results: { a: '1' }, resultsLeft: 2, snoozes: 0, budget: null },
};
const runOf = (): Run => new Run(claim, new TaskContext(claim, () => undefined), 0);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Each pause ends at the next turn of the event loop. */
function hastyClock() {
  const pauses: number[] = [];
  const setTimer = (ms: number, fn: () => void) => {
    pauses.push(ms);
    const handle = setImmediate(fn);
    return { cancel: () => clearImmediate(handle) };
  };
  return { pauses, setTimer };
}

describe('results that a claim omitted', () => {
  it('are fetched page by page, after those in the claim', async () => {
    const run = runOf();
    const asked: number[] = [];
    const getResults = (_id: string, from: number) => {
      asked.push(from);
      return Promise.resolve({
        results: { [`p${from}`]: from === 2 ? null : '"x"' },
        next: from < 4 ? from + 1 : null,
      });
    };
    expect(run.ctx.results).toEqual({ a: 1 });
    await fetchResults(run, { getResults }, hastyClock(), () => undefined);
    expect(asked).toEqual([2, 3, 4]);
    expect(Object.entries(run.ctx.results)).toEqual([
      ['a', 1],
      ['p2', null],
      ['p3', 'x'],
      ['p4', 'x'],
    ]);
  });

  it('are requested again after a failure, which is reported once per page, until the run is stopped', async () => {
    const run = runOf();
    const clock = hastyClock();
    const failures: unknown[] = [];
    let calls = 0;
    const getResults = () => {
      calls++;
      return Promise.reject(new Error('away'));
    };
    const fetched = fetchResults(run, { getResults }, clock, (error) => failures.push(error));
    for (let i = 0; i < 9; i++) await turn();
    expect(calls).toBeGreaterThanOrEqual(4);
    expect(clock.pauses.slice(0, 3)).toEqual([50, 100, 250]);
    expect(failures).toEqual([new Error('away')]);
    run.stop = 'cancel';
    await fetched;
  });
});
