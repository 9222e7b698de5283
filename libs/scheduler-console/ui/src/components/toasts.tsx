import { signal } from '@preact/signals';
import { messageOf } from '../api/client';

interface Toast {
  id: number;
  text: string;
  bad: boolean;
}

const SHOWN_MS = 6_000;
const toasts = signal<readonly Toast[]>([]);
let lastId = 0;

export function toast(text: string, bad = false): void {
  const id = ++lastId;
  toasts.value = [...toasts.value.slice(-3), { id, text, bad }];
  setTimeout(() => {
    toasts.value = toasts.value.filter((each) => each.id !== id);
  }, SHOWN_MS);
}

/** Runs it, says how it went. */
export async function act(work: () => Promise<unknown>, done: string): Promise<boolean> {
  try {
    await work();
    toast(done);
    return true;
  } catch (error) {
    toast(messageOf(error), true);
    return false;
  }
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, bad }) => (
        <div key={id} class={bad ? 'toast toast-bad' : 'toast'}>
          {text}
        </div>
      ))}
    </div>
  );
}
