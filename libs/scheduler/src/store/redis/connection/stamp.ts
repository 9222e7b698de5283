import { instantText, UNKNOWN_INSTANT } from './store-clock.js';

const GENERATION_DIGITS = 6;

/**
 * The start of the first argument of a stamped script: when the call was made, by the store's clock, and the generation of
 * the connection. The store refuses requests that are older than the sender's time budget, or that arrive over a connection
 * that the sender has replaced: no caller waits for them.
 */
export function stampOf(instant: string, generation: number): string {
  return `${instant}|${`${generation}`.padStart(GENERATION_DIGITS, '0').slice(-GENERATION_DIGITS)}|`;
}

/** Longer than any caller waits: a call is sent within 10 s, and given up after 2 s without a reply. */
const BUDGET_MS = 15_000;
const BUDGET_DIGITS = 6;

/**
 * The stamp of a call that is not sent yet, followed by the time budget of its sender.
 * @param budget ms
 */
export function unsentStamp(budget = BUDGET_MS): string {
  return `${stampOf(UNKNOWN_INSTANT, 0)}${`${budget}`.padStart(BUDGET_DIGITS, '0')}|`;
}

const LATE = /^LATE (\d+)/;

export function isLateReply(message: string): boolean {
  return LATE.test(message);
}

/** The store's time in the refusal of a late request. */
export function instantOfLateReply(message: string): string {
  return instantText(Number(LATE.exec(message)?.[1] ?? 0));
}
