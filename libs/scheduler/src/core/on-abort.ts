/** By signal, what its abort calls: one listener for all, so that any number of waits may share a signal. */
const calls = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when the signal aborts, once; not for one that has aborted.
 * @returns ends it
 */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  const waiting = calls.get(signal) ?? new Set();
  const abort = (): void => {
    calls.delete(signal);
    for (const each of waiting) each();
  };
  if (!calls.has(signal)) {
    calls.set(signal, waiting);
    signal.addEventListener('abort', abort, { once: true });
  }
  // Its own function, since one call may wait twice.
  const own = (): void => call();
  waiting.add(own);
  return () => void waiting.delete(own);
}
