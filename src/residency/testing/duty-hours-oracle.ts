/** A shift as the recount sees it: ms since 1970, on whole half hours. */
interface Stretch {
  start: number;
  end: number;
}

export interface RecountedDuty {
  /** Sorted facts such as 'free-days window 3' or 'rest 2024-10-04 20:00 2024-10-05 05:30'. */
  breaches: string[];
  figures: {
    totalHours: number;
    peakWeeklyHours: number;
    fewestFreeDays: number | null;
    shortestRest: number | null;
    longestDuty: number;
  };
}

const HALF_HOUR = 1_800_000;
const SLOTS = 48;

/**
 * The duty-hour rules by brute force, for the specs: a timeline of half hours is painted with the shifts, and every
 * window, stretch and rest is counted from the paint, each on its own.
 */
export function bruteForceAudit(
  shifts: readonly Stretch[],
  vacationDays: ReadonlySet<number>,
  firstDay: number,
  days: number,
): RecountedDuty {
  const origin = firstDay * SLOTS;
  const painted = new Set<number>();
  for (const { start, end } of shifts) {
    for (let slot = start / HALF_HOUR; slot < end / HALF_HOUR; slot++) painted.add(slot - origin);
  }
  const breaches: string[] = [];
  const worked = (day: number): number => {
    let slots = 0;
    for (let slot = day * SLOTS; slot < (day + 1) * SLOTS; slot++) if (painted.has(slot)) slots++;
    return slots / 2;
  };

  const length = Math.min(28, days);
  let peakWeeklyHours = 0;
  let fewestFreeDays: number | null = null;
  for (let first = 0; first + length <= days; first++) {
    const counted = Array.from({ length }, (_, i) => first + i).filter(
      (day) => worked(day) > 0 || !vacationDays.has(firstDay + day),
    );
    if (counted.length < 7) continue;
    const hours = counted.reduce((total, day) => total + worked(day), 0);
    const weekly = hours / (counted.length / 7);
    const free = counted.filter((day) => worked(day) === 0).length;
    peakWeeklyHours = Math.max(peakWeeklyHours, weekly);
    fewestFreeDays = fewestFreeDays === null ? free : Math.min(fewestFreeDays, free);
    if (weekly > 80 + 1e-9) breaches.push(`weekly-hours window ${first}`);
    if (free < Math.floor(counted.length / 7)) breaches.push(`free-days window ${first}`);
  }

  const stamp = (slot: number): string =>
    new Date((slot + origin) * HALF_HOUR).toISOString().replace('T', ' ').slice(0, 16);
  let shortestRest: number | null = null;
  let longestDuty = 0;
  let dutyFrom: number | null = null;
  let lastEnd: number | null = null;
  let lastDuty = 0;
  const lastSlot = Math.max(-1, ...painted) + 1;
  for (let slot = Math.min(0, ...painted); slot <= lastSlot; slot++) {
    const on = painted.has(slot);
    if (on && dutyFrom === null) {
      dutyFrom = slot;
      if (lastEnd !== null) {
        const rest = (slot - lastEnd) / 2;
        shortestRest = shortestRest === null ? rest : Math.min(shortestRest, rest);
        if (rest < (lastDuty >= 24 ? 14 : 10)) breaches.push(`rest ${stamp(lastEnd)} ${stamp(slot)}`);
      }
    } else if (!on && dutyFrom !== null) {
      lastDuty = (slot - dutyFrom) / 2;
      longestDuty = Math.max(longestDuty, lastDuty);
      if (lastDuty > 28) breaches.push(`continuous-duty ${stamp(dutyFrom)} ${stamp(slot)}`);
      lastEnd = slot;
      dutyFrom = null;
    }
  }

  const inPeriod = [...painted].filter((slot) => slot >= 0 && slot < days * SLOTS).length / 2;
  const figures = {
    totalHours: inPeriod,
    peakWeeklyHours,
    fewestFreeDays,
    shortestRest,
    longestDuty,
  };
  return { breaches: breaches.sort(), figures };
}
