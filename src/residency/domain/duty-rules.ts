/** The limits of resident duty hours (based on the ACGME common program requirements, VI.F). */
export interface DutyRules {
  /** Days over which hours and free days are averaged. */
  windowDays: number;
  /** Hours of duty a week, averaged over the window. */
  maxWeeklyHours: number;
  /** One day in this many is free, averaged over the window. */
  daysPerFreeDay: number;
  /** Hours between two stretches of duty. */
  minRestHours: number;
  /** Hours of duty that make a stretch a long call, after which `minRestAfterCallHours` apply. */
  longCallHours: number;
  minRestAfterCallHours: number;
  /** Hours of one stretch of duty: 24 of call and 4 for handover. */
  maxContinuousHours: number;
}

export const ACGME_RULES: DutyRules = {
  windowDays: 28,
  maxWeeklyHours: 80,
  daysPerFreeDay: 7,
  minRestHours: 10,
  longCallHours: 24,
  minRestAfterCallHours: 14,
  maxContinuousHours: 28,
};

export const RULE_NAMES = ['weekly-hours', 'free-days', 'rest', 'continuous-duty'] as const;
export type RuleName = (typeof RULE_NAMES)[number];

/** One violation of a rule. Violations of an averaged rule in consecutive windows are one violation. */
export interface Violation {
  rule: RuleName;
  residentId: string;
  /** First and last moment: 'YYYY-MM-DD' (inclusive) for windows, 'YYYY-MM-DD HH:MM' for shifts. */
  from: string;
  to: string;
  /** The worst value: hours a week, free days in the window, hours of rest, hours of duty. */
  found: number;
  /** The limit, in the same unit. */
  limit: number;
  /** Number of windows in violation; 1 for rules about shifts. */
  windows: number;
}

/** A violation as a sentence, without the name of the resident. */
export function describeViolation({ rule, from, to, found, limit, windows }: Violation): string {
  const span = windows > 1 ? ` (${windows} windows)` : '';
  switch (rule) {
    case 'weekly-hours':
      return `up to ${found} hours a week over four weeks between ${from} and ${to}, at most ${limit} allowed${span}`;
    case 'free-days':
      return `as few as ${found} free days in four weeks between ${from} and ${to}, at least ${limit} required${span}`;
    case 'rest':
      return `${found} hours of rest from ${from} to ${to}, at least ${limit} required`;
    case 'continuous-duty':
      return `${found} hours of duty without a break from ${from} to ${to}, at most ${limit} allowed`;
  }
}
