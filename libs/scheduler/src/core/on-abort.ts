/** Callbacks by signal. One listener for all of them, so any number of waits can share a signal. */
const calls = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back once when the signal aborts; not if it has aborted already.
 * @returns a function that cancels it
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
  // A separate function, since one callback may be added twice.
  const own = (): void => call();
  waiting.add(own);
  return () => void waiting.delete(own);
}
