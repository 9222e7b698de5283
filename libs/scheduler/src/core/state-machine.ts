import { IllegalTransitionError } from './errors.js';
import type { TaskStatus } from './status.js';

/** The status before a transition, or NEW. */
export type From = TaskStatus | 'NEW';

/**
 * All transitions: verb, from, to. The guard, docs/state-machine.md and the exhaustive test are derived from it.
 * `cancel` of a RUNNING execution only marks it (`cancelRequestedTime`); `finalizeCancel` ends it.
 */
export const TRANSITIONS = {
  enqueue: { NEW: ['PENDING'] },
  claim: { PENDING: ['RUNNING'], RETRYING: ['RUNNING'] },
  complete: { RUNNING: ['COMPLETED'] },
  fail: { RUNNING: ['FAILED'] },
  retry: { RUNNING: ['RETRYING'] },
  release: { RUNNING: ['PENDING'] },
  rescue: { RUNNING: ['PENDING', 'FAILED'] },
  cancel: { PENDING: ['CANCELLED'], RETRYING: ['CANCELLED'], RUNNING: ['RUNNING'] },
  finalizeCancel: { RUNNING: ['CANCELLED'] },
  skip: { PENDING: ['SKIPPED'] },
  expire: { PENDING: ['FAILED'], RETRYING: ['FAILED'] },
  reopen: { FAILED: ['PENDING'], CANCELLED: ['PENDING'], SKIPPED: ['PENDING'] },
} as const satisfies Record<string, Partial<Record<From, readonly TaskStatus[]>>>;

export type Verb = keyof typeof TRANSITIONS;
export const VERBS = Object.keys(TRANSITIONS) as Verb[];

/** The statuses to which `verb` may lead from `from`; empty if it is not allowed. */
export function targets(verb: Verb, from: From): readonly TaskStatus[] {
  const row: Partial<Record<From, readonly TaskStatus[]>> = TRANSITIONS[verb];
  return row[from] ?? [];
}

export function isAllowed(verb: Verb, from: From, to: TaskStatus): boolean {
  return targets(verb, from).includes(to);
}

/** @throws IllegalTransitionError for a bug in this library, never for a user error */
export function assertTransition(verb: Verb, from: From, to: TaskStatus): void {
  if (!isAllowed(verb, from, to)) throw new IllegalTransitionError(verb, from, to);
}
