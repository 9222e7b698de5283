// A timer fires up to a millisecond late: it is set this much early, and the rest is spun, ms.
const SPIN_MS = 1.5;
const MAX_TIMER_MS = 2 ** 31 - 1;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Resolves at `deadline` (ms, as performance.now), never before it, and well under a millisecond after it if the event
 * loop is free. Does not block other work meanwhile.
 */
export async function waitUntil(deadline: number, clock: () => number = () => performance.now()): Promise<void> {
  for (let left = deadline - clock(); left > 0; left = deadline - clock()) {
    if (left > SPIN_MS) await sleep(Math.min(Math.max(1, Math.floor(left - SPIN_MS)), MAX_TIMER_MS));
    else await nextTurn();
  }
}
