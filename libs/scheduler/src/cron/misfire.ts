import type { MisfirePolicy } from '../core/schedule.js';
import type { ParsedCron } from './cron-expression.js';
import { firesBetween, MAX_FIRES, nextFire } from './next-fire.js';

/** A tick later than this is missed. */
export const MISFIRE_THRESHOLD_MS = 60_000;

export interface TickDecisionInput {
  cron: ParsedCron;
  /** The first tick that is not decided. */
  nextRunTime: number;
  now: number;
  misfire: MisfirePolicy;
  startTime: number | null;
  endTime: number | null;
  /** ms; default 60 s. */
  threshold?: number;
}

export interface TickDecision {
  /** Oldest first. A tick with `leaveOut` is recorded, not run. */
  ticks: { time: number; leaveOut: boolean }[];
  /** The first tick after now, or null if there is none. */
  nextRunTime: number | null;
  /** Number of due ticks that do not run, including one with `leaveOut`; 1000 means 1000 or more. */
  missed: number;
}

/**
 * Decides about the ticks of a schedule that are due at `now`. A tick later than `threshold` is missed. If none is
 * missed, all due ticks run. Otherwise, by policy:
 * - `skip`: the missed ones do not run, the latest of them is reported with `leaveOut`, those on time run;
 * - `once`: all due ticks collapse into one run, for the latest of them;
 * - `{ all: n }`: the latest n due ticks run, plus any more that are on time; older ones are dropped. At most 1000
 *   ticks run, and the work is bounded whatever the length of the outage. A clock that has gone back fires nothing twice:
 *   no tick before `nextRunTime` is due again.
 */
export function decideTicks(input: TickDecisionInput): TickDecision {
  const { cron, now, misfire, endTime, threshold = MISFIRE_THRESHOLD_MS } = input;
  const first = Math.max(input.nextRunTime, input.startTime ?? -Infinity);
  const last = Math.min(now, endTime ?? Infinity);
  const firstOnTime = Math.max(first, now - threshold);
  const lastMissed = Math.min(last, now - threshold - 1);

  const onTime = latestFires(cron, firstOnTime, last, MAX_FIRES);
  const missedCount = firesBetween(cron, first - 1, lastMissed, 2 * MAX_FIRES).length;

  const wanted = Math.min(runCount(misfire, missedCount, onTime.length), MAX_FIRES);
  const ran =
    wanted > onTime.length
      ? [...latestFires(cron, first, lastMissed, wanted - onTime.length), ...onTime]
      : onTime.slice(onTime.length - wanted);
  const leftOut = misfire === 'skip' ? latestFires(cron, first, lastMissed, 1) : [];

  return {
    ticks: [...leftOut.map((time) => ({ time, leaveOut: true })), ...ran.map((time) => ({ time, leaveOut: false }))],
    nextRunTime: firstFire(cron, input.startTime, endTime, Math.max(now, input.nextRunTime - 1)),
    missed: Math.min(missedCount + onTime.length - ran.length, MAX_FIRES),
  };
}

/** The first fire after `now` within [startTime, endTime], or null. Instants in ms; null: no bound. */
export function firstFire(
  cron: ParsedCron,
  startTime: number | null,
  endTime: number | null,
  now: number,
): number | null {
  const fire = nextFire(cron, startTime === null ? now : Math.max(now, startTime - 1));
  return fire === null || (endTime !== null && fire > endTime) ? null : fire;
}

/** How many of the due ticks run, counted from the latest. */
function runCount(misfire: MisfirePolicy, missed: number, onTime: number): number {
  if (missed === 0 || misfire === 'skip') return onTime;
  return misfire === 'once' ? 1 : Math.max(misfire.all, onTime);
}

/**
 * The latest `count` fires in [from, until], oldest first. If there are more, bisection finds the instant after which
 * there are exactly `count`, since iterating over a long outage would take too long.
 */
export function latestFires(cron: ParsedCron, from: number, until: number, count: number): number[] {
  let low = from - 1;
  let high = until;
  let fires = firesBetween(cron, low, until, count + 1);
  if (fires.length <= count) return fires;
  // Fires are at whole seconds: between bounds a second apart there is at most one.
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2);
    const found = firesBetween(cron, middle, until, count);
    if (found.length === count) [low, fires] = [middle, found];
    else high = middle;
  }
  return fires;
}
