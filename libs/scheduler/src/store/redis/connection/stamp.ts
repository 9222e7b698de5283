import { instantText, UNKNOWN_INSTANT } from './store-clock.js';

const GENERATION_DIGITS = 6;

/**
 * How the first argument of a stamped script begins: when it was asked for, by the store's clock, and the generation of
 * the connection that carries it. The store refuses what is older than its sender's budget, and what comes over a
 * connection that its sender has replaced: such a request arrives late, and nobody waits for it.
 */
export function stampOf(instant: string, generation: number): string {
  return `${instant}|${`${generation}`.padStart(GENERATION_DIGITS, '0').slice(-GENERATION_DIGITS)}|`;
}

/** Longer than any call is waited for: it is sent within 10 s, and then given up after 2 s without an answer. */
const BUDGET_MS = 15_000;
const BUDGET_DIGITS = 6;

/**
 * The stamp of a call that has not been sent, and behind it the budget of its sender.
 * @param budget ms
 */
export function unsentStamp(budget = BUDGET_MS): string {
  return `${stampOf(UNKNOWN_INSTANT, 0)}${`${budget}`.padStart(BUDGET_DIGITS, '0')}|`;
}

const LATE = /^LATE (\d+)/;

export function isLateReply(message: string): boolean {
  return LATE.test(message);
}

/** The store's time, as the refusal of a late request bears it. */
export function instantOfLateReply(message: string): string {
  return instantText(Number(LATE.exec(message)?.[1] ?? 0));
}
