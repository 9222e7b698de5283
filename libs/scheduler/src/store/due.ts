/** What is due, as one read shows it. Instants are ms by the clock of this process. */
export interface Due {
  /** Whether `promote` has something to do, and the next instant at which it will. */
  promote: boolean;
  nextDue: number | null;
  /** Whether a schedule is due, and the next tick. */
  schedules: boolean;
  nextTick: number | null;
  /** Whether `rescue` or `expiredRuns` may find something. */
  rescue: boolean;
}

/** For stores in this process, where the verbs cost no more than the question. */
export const ALL_DUE: Due = { promote: true, nextDue: null, schedules: true, nextTick: null, rescue: true };
