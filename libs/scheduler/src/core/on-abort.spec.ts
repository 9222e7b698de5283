import { describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { onAbort } from './on-abort.js';

describe('onAbort', () => {
  it('calls each callback once, with one listener for all', () => {
    const { signal, abort } = withAbort();
    const called: number[] = [];
    for (let n = 0; n < 50; n++) onAbort(signal, () => called.push(n));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    abort();
    abort();
    expect(called).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('removes an unregistered call, and no other of the same function', () => {
    const { signal, abort } = withAbort();
    let calls = 0;
    const call = (): void => void calls++;
    const forget = onAbort(signal, call);
    onAbort(signal, call);
    forget();
    forget();
    abort();
    expect(calls).toBe(1);
  });

  it('calls callbacks registered after all others have ended', () => {
    const { signal, abort } = withAbort();
    onAbort(signal, () => undefined)();
    let calls = 0;
    onAbort(signal, () => calls++);
    abort();
    expect(calls).toBe(1);
  });
});

function withAbort() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
