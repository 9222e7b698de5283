import type { Clock, ClockTimer } from './clock.js';

/** Waits at most `ms` for `done`. @returns null if it took longer, or failed */
export async function within<T>(clock: Clock, ms: number, done: Promise<T>): Promise<T | null> {
  let timer: ClockTimer | undefined;
  const late = new Promise<null>((resolve) => (timer = clock.setTimer(ms, () => resolve(null))));
  const ended = await Promise.race([done.catch(() => null), late]);
  timer?.cancel();
  return ended;
}
