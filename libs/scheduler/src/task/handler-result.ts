import { onAbort } from '../core/on-abort.js';
import { isObservable, type Subscribable } from '../core/json.js';

/**
 * The result of a handler as a promise, if it comes later: a promise or another thenable is awaited, an Observable is
 * subscribed, and its last value is the result (undefined if it has none).
 * @param signalOf returns the signal whose abort ends the subscription; called only for an Observable
 * @returns null if the returned value is the result
 */
export function resultLater(returned: unknown, signalOf: () => AbortSignal): Promise<unknown> | null {
  // By a native promise: a foreign `then` may throw, or call back twice.
  if (isThenable(returned)) return Promise.resolve(returned);
  return isObservable(returned) ? lastValue(returned, signalOf()) : null;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  const kind = typeof value;
  if ((kind !== 'object' && kind !== 'function') || value === null) return false;
  return typeof (value as { then?: unknown }).then === 'function';
}

/** Rejects with the signal's reason when it aborts, and ends the subscription. */
function lastValue(source: Subscribable, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const fail: (error: unknown) => void = reject;
    let last: unknown;
    let subscription: unknown;
    let done = false;
    const end = (settle: () => void): void => {
      if (done) return;
      done = true;
      forget();
      settle();
    };
    const abort = (): void => {
      end(() => reject(signal.reason as Error));
      unsubscribe(subscription);
    };
    const forget = onAbort(signal, abort);
    try {
      subscription = source.subscribe({
        next: (value) => (last = value),
        error: (error) => end(() => fail(error)),
        complete: () => end(() => resolve(last)),
      });
      // It was aborted while subscribing.
      if (signal.aborted) unsubscribe(subscription);
    } catch (error) {
      end(() => fail(error));
    }
  });
}

function unsubscribe(subscription: unknown): void {
  try {
    (subscription as { unsubscribe?: () => void } | undefined)?.unsubscribe?.();
  } catch {
    // The run has ended with the reason of the abort; an error of the teardown has no effect.
  }
}
