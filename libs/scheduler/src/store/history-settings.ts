import { TERMINAL_STATUSES, type TerminalStatus } from '../core/status.js';

/** What is kept of one outcome: at most so many, so old (ms), so large (bytes of payload and result). */
export interface HistoryBounds {
  count: number;
  age: number | null;
  bytes: number | null;
}

/**
 * What is kept by outcome: of executions that stand alone by their own status, of workflows by theirs. A workflow counts
 * as one, and goes as a whole.
 */
export type HistorySettings = Readonly<Record<TerminalStatus, HistoryBounds>>;

/** Bounds for every outcome, or for some of them: the rest has the defaults. */
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
