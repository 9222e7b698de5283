import { signal } from '@preact/signals';

/** Turns once a second, for ages and running times. */
export const now = signal(Date.now());

setInterval(() => {
  if (!document.hidden) now.value = Date.now();
}, 1_000);
