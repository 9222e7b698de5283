import { InvalidTimezoneError } from '../core/errors.js';

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
const BLOCK_MS = 52 * WEEK_MS;

/** A period of time in which a zone has one offset from UTC. All in ms; `end` is the first instant after it. */
export interface Period {
  readonly start: number;
  readonly end: number;
  /** Wall clock minus UTC. */
  readonly offset: number;
  /** The offset immediately before `start`: smaller if clocks went forward (a gap), larger if they went back. */
  readonly before: number;
}

/**
 * The offsets of one IANA zone, from Intl. A block of 52 weeks is scanned once, a week at a time, and cached, so later
 * look-ups need no formatting.
 */
export class TimeZone {
  private static readonly known = new Map<string, TimeZone>();
  private readonly blocks = new Map<number, readonly Period[]>();

  private constructor(private readonly format: Intl.DateTimeFormat) {}

  /**
   * @throws InvalidTimezoneError unless `name` is an IANA name that this Node supports; offsets such as `+02:00` are
   * not
   */
  static named(name: unknown): TimeZone {
    if (typeof name !== 'string' || !/^[A-Za-z][\w+\-/]*$/.test(name)) throw new InvalidTimezoneError(name);
    const key = name.toLowerCase();
    const known = TimeZone.known.get(key);
    if (known) return known;
    const zone = new TimeZone(wallClockFormat(name));
    TimeZone.known.set(key, zone);
    return zone;
  }

  /** The period that contains an instant. A period may end without a change of offset. */
  periodAt(instant: number): Period {
    const block = Math.floor(instant / BLOCK_MS);
    let periods = this.blocks.get(block);
    if (!periods) {
      periods = this.findPeriods(block * BLOCK_MS, (block + 1) * BLOCK_MS);
      this.blocks.set(block, periods);
    }
    return periods.find((period) => instant < period.end)!;
  }

  /** The instant at which clocks show this time: the first of two; in a gap, its end. @param wall ms, as if UTC */
  instantOf(wall: number): number {
    for (let period = this.periodAt(wall - DAY_MS); ; period = this.periodAt(period.end)) {
      const instant = wall - period.offset;
      if (instant < period.start) return period.start;
      if (instant < period.end) return instant;
    }
  }

  private findPeriods(blockStart: number, blockEnd: number): Period[] {
    const periods: Period[] = [];
    let start = blockStart;
    let offset = this.offsetAt(start);
    let before = this.offsetAt(start - 1);
    for (let week = blockStart; week < blockEnd; week += WEEK_MS) {
      while (this.offsetAt(week + WEEK_MS) !== offset) {
        const end = this.findChange(Math.max(start, week), week + WEEK_MS, offset);
        if (end === blockEnd) break;
        periods.push({ start, end, offset, before });
        [start, before, offset] = [end, offset, this.offsetAt(end)];
      }
    }
    periods.push({ start, end: blockEnd, offset, before });
    return periods;
  }

  /** The whole second at which `offset`, valid at `low`, ends; it is not valid at `high`. */
  private findChange(low: number, high: number, offset: number): number {
    while (high - low > 1000) {
      const middle = low + Math.floor((high - low) / 2000) * 1000;
      if (this.offsetAt(middle) === offset) low = middle;
      else high = middle;
    }
    return high;
  }

  private offsetAt(instant: number): number {
    const parts = this.format.format(instant).match(/\d+/g)!;
    const [month, day, year, hour, minute, second] = parts.map(Number) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / 1000) * 1000;
  }
}

/** Formats `month/day/year, hour:minute:second`. */
function wallClockFormat(timeZone: string): Intl.DateTimeFormat {
  const two = '2-digit';
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: two,
      day: two,
      hour: two,
      minute: two,
      second: two,
    });
  } catch {
    throw new InvalidTimezoneError(timeZone);
  }
}
