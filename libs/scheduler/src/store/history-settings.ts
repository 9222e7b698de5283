import { TERMINAL_STATUSES, type TerminalStatus } from '../core/status.js';

/** Retention of one outcome: maximum count, age (ms) and bytes of payload and result; null: no limit. */
export interface HistoryBounds {
  count: number;
  age: number | null;
  bytes: number | null;
}

/**
 * Retention by outcome: of executions outside of workflows by their status, of workflows by theirs. A workflow counts as one
 * and is dropped as a whole.
 */
export type HistorySettings = Readonly<Record<TerminalStatus, HistoryBounds>>;

/** Bounds for all outcomes, or for some of them; the others have the defaults. */
export type GivenHistory = Partial<HistoryBounds> | Partial<Record<TerminalStatus, Partial<HistoryBounds>>>;

const DEFAULT: HistoryBounds = { count: 1000, age: null, bytes: null };

export function historySettings(given: GivenHistory = {}): HistorySettings {
  const isLong = TERMINAL_STATUSES.some((status) => status in given);
  const of = (status: TerminalStatus): HistoryBounds => ({
    ...DEFAULT,
    ...(isLong ? (given as Partial<Record<TerminalStatus, Partial<HistoryBounds>>>)[status] : given),
  });
  return { COMPLETED: of('COMPLETED'), FAILED: of('FAILED'), CANCELLED: of('CANCELLED'), SKIPPED: of('SKIPPED') };
}
