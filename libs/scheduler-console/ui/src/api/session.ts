import { signal } from '@preact/signals';
import type { Me, Role } from './types';

const KEY = 'scheduler-console.token';
const ROLES: readonly Role[] = ['viewer', 'operator', 'admin'];

/** Who is signed in; null: nobody yet. */
export const me = signal<Me | null>(null);
/** Why the last session ended, for the sign-in page. */
export const signedOutReason = signal<string | null>(null);

/** Kept for this tab only; the browser forgets it when the tab closes. */
export function token(): string | null {
  return sessionStorage.getItem(KEY);
}

export function keepToken(text: string): void {
  sessionStorage.setItem(KEY, text);
}

export function signOut(reason: string | null = null): void {
  sessionStorage.removeItem(KEY);
  signedOutReason.value = reason;
  me.value = null;
}

/** Whether the signed-in role covers the one needed. */
export function may(role: Role): boolean {
  return me.value !== null && ROLES.indexOf(me.value.role) >= ROLES.indexOf(role);
}
