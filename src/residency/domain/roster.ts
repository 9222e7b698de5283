import { dayNumber, type DateText, type Period } from './calendar.js';

/** Postgraduate year: 1 is an intern, 2 and up are seniors. */
export type PgyLevel = 1 | 2 | 3;

/** Planned days off, inclusive. */
export interface Vacation {
  firstDate: DateText;
  lastDate: DateText;
}

export interface Resident {
  residentId: string;
  name: string;
  email: string;
  pgy: PgyLevel;
  /**
   * The day off in services with a six-day week, 0 Sunday to 6 Saturday; the same in all, so none is lost at a change.
   */
  dayOff: number;
  vacations: readonly Vacation[];
}

/** The working days and hours of a service. */
export interface WorkPattern {
  /** 'HH:MM' */
  start: string;
  hours: number;
  /** Days worked, 0 Sunday to 6 Saturday. */
  weekdays: readonly number[];
  /** Whether it works all week, so each resident has an individual day off. */
  sixDayWeek: boolean;
}

/** What residents rotate through: a ward, a unit, a clinic. */
export interface Service {
  serviceId: string;
  name: string;
  /** Residents it requires in each block. Residents with a vacation in the block do not count. */
  minResidents: number;
  /** Maximum residents at a time. */
  maxResidents: number;
  /** How many of the minimum must be seniors. */
  minSeniors: number;
  /** Whether a resident may be here in a block that contains a vacation. */
  vacationAllowed: boolean;
  /** Whether its residents are on the rota of the in-house call. */
  takesCall: boolean;
  pattern: WorkPattern;
}

/** The in-house call: one resident a night. */
export interface CallRules {
  /** 'HH:MM' */
  start: string;
  hours: number;
  /** Minimum number of nights between two calls of a resident: 3 means at most every third night. */
  minSpacing: number;
}

/** Work outside of rotations and call: moonlighting, jeopardy cover. It counts as duty. */
export interface ExtraShift {
  residentId: string;
  date: DateText;
  start: string;
  hours: number;
  note: string;
}

/** A program for some blocks of four weeks: residents, services, absences. */
export interface Roster {
  program: string;
  director: { name: string; email: string };
  /** First day of the first block: a Monday. */
  startDate: DateText;
  /** Number of blocks of four weeks. */
  blocks: number;
  residents: readonly Resident[];
  services: readonly Service[];
  call: CallRules;
  extraShifts: readonly ExtraShift[];
}

export const BLOCK_DAYS = 28;

/** The days of a roster, or of one of its blocks (0-based). */
export function periodOf(roster: Roster, block?: number): Period {
  const firstDay = dayNumber(roster.startDate);
  if (block === undefined) return { firstDay, days: roster.blocks * BLOCK_DAYS };
  return { firstDay: firstDay + block * BLOCK_DAYS, days: BLOCK_DAYS };
}

export function onVacation(resident: Resident, day: number): boolean {
  return resident.vacations.some((v) => dayNumber(v.firstDate) <= day && day <= dayNumber(v.lastDate));
}

/** Whether the period contains a vacation day of the resident. */
export function hasVacationIn(resident: Resident, period: Period): boolean {
  return resident.vacations.some(
    (v) => dayNumber(v.firstDate) < period.firstDay + period.days && dayNumber(v.lastDate) >= period.firstDay,
  );
}

export function isSenior(resident: Resident): boolean {
  return resident.pgy >= 2;
}
