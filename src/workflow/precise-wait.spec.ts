import { describe, expect, it, jest } from '@jest/globals';
import { waitUntil } from './precise-wait.js';

describe('waitUntil', () => {
  it('ends at once for a deadline that has passed', async () => {
    const timer = jest.spyOn(globalThis, 'setTimeout');
    await waitUntil(5, () => 5);
    expect(timer).not.toHaveBeenCalled();
    timer.mockRestore();
  });

  it('never ends before the deadline, and sets its timer before it', async () => {
    const timer = jest.spyOn(globalThis, 'setTimeout');
    const deadline = performance.now() + 12;
    await waitUntil(deadline);
    expect(performance.now()).toBeGreaterThanOrEqual(deadline);
    expect(timer.mock.calls[0]![1]).toBeLessThan(12);
    timer.mockRestore();
  });

  it('splits a wait that is longer than any timer', async () => {
    let now = 0;
    const asked: number[] = [];
    const timer = jest.spyOn(globalThis, 'setTimeout').mockImplementation(((done: () => void, ms: number) => {
      asked.push(ms);
      now += ms + 5;
      queueMicrotask(done);
    }) as never);
    await waitUntil(3e9, () => now);
    timer.mockRestore();
    expect(asked).toEqual([2 ** 31 - 1, 3e9 - 2 ** 31 - 6]);
  });
});
