import { describe, expect, it } from '@jest/globals';
import { parseCron } from './cron-expression.js';
import { firesBetween, previewFires } from './next-fire.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

describe('nextFire and DST: the published table', () => {
  const newYork = 'America/New_York'; // gap 8 March 02-03 (07:00Z), repeat 1 November 01-02 (05:00Z and 06:00Z)
  it.each([
    ['fixed time in the gap', newYork, '30 2 * * *', '2026-03-07T12:00Z', ['03-08T07:00:00', '03-09T06:30:00']],
    ['seconds in the gap', newYork, '15 30 2 * * *', '2026-03-07T12:00Z', ['03-08T07:00:00', '03-09T06:30:15']],
    ['start of the gap', newYork, '0 2 * * *', '2026-03-07T12:00Z', ['03-08T07:00:00', '03-09T06:00:00']],
    ['end of the gap', newYork, '0 3 * * *', '2026-03-07T12:00Z', ['03-08T07:00:00', '03-09T07:00:00']],
    ['last second before it', newYork, '59 59 1 * * *', '2026-03-07T12:00Z', ['03-08T06:59:59', '03-09T05:59:59']],
    ['fixed time in the repeat', newYork, '30 1 * * *', '2026-10-31T12:00Z', ['11-01T05:30:00', '11-02T06:30:00']],
    ['its start', newYork, '0 1 * * *', '2026-10-31T12:00Z', ['11-01T05:00:00', '11-02T06:00:00']],
    ['asked between the passes', newYork, '30 1 * * *', '2026-11-01T05:45Z', ['11-02T06:30:00', '11-03T06:30:00']],
    ['hour after the repeat', newYork, '0 2 * * *', '2026-10-31T12:00Z', ['11-01T07:00:00', '11-02T07:00:00']],
    ['hour after, Berlin', 'Europe/Berlin', '0 3 * * *', '2026-10-24T12:00Z', ['10-25T02:00:00', '10-26T02:00:00']],
    ['hour after, London', 'Europe/London', '0 2 * * *', '2026-10-24T12:00Z', ['10-25T02:00:00', '10-26T02:00:00']],
    ['interval over the gap', newYork, '*/30 * * * *', '2026-03-08T06:00Z', ['03-08T06:30:00', '03-08T07:00:00']],
    ['hours over the gap', newYork, '0 * * * *', '2026-03-08T05:30Z', ['03-08T06:00:00', '03-08T07:00:00']],
    ['interval in the gap only', newYork, '*/30 2 * * *', '2026-03-07T12:00Z', ['03-09T06:00:00', '03-09T06:30:00']],
    [
      'interval in the repeat',
      newYork,
      '*/30 * * * *',
      '2026-11-01T04:59Z',
      ['11-01T05:00:00', '11-01T05:30:00', '11-01T06:00:00', '11-01T06:30:00', '11-01T07:00:00'],
    ],
    [
      'list in the repeat',
      newYork,
      '30 1,2 * * *',
      '2026-11-01T05:00Z',
      ['11-01T05:30:00', '11-01T06:30:00', '11-01T07:30:00'],
    ],
    [
      'no extra run',
      newYork,
      '0 */2 * * *',
      '2026-11-01T03:00Z',
      ['11-01T04:00:00', '11-01T07:00:00', '11-01T09:00:00'],
    ],
    [
      'gap of 30 minutes',
      'Australia/Lord_Howe',
      '15 2 * * *',
      '2026-10-03T12:00Z',
      ['10-03T15:30:00', '10-04T15:15:00'],
    ],
    ['right after it', 'Australia/Lord_Howe', '30 2 * * *', '2026-10-03T12:00Z', ['10-03T15:30:00', '10-04T15:30:00']],
    [
      'repeat of 30 minutes',
      'Australia/Lord_Howe',
      '45 1 * * *',
      '2026-04-04T12:00Z',
      ['04-04T14:45:00', '04-05T15:15:00'],
    ],
    ['gap at midnight', 'Africa/Cairo', '0 0 * * *', '2026-04-23T12:00Z', ['04-23T22:00:00', '04-24T21:00:00']],
    ['gap after midnight', 'Africa/Cairo', '30 0 * * *', '2026-04-23T12:00Z', ['04-23T22:00:00', '04-24T21:30:00']],
    ['on its weekday', 'Africa/Cairo', '30 0 * * FRI', '2026-04-23T12:00Z', ['04-23T22:00:00', '04-30T21:30:00']],
    ['not on another', 'Africa/Cairo', '30 0 * * THU', '2026-04-23T12:00Z', ['04-29T21:30:00', '05-06T21:30:00']],
    [
      'repeat before midnight',
      'Africa/Cairo',
      '30 23 * * *',
      '2026-10-29T12:00Z',
      ['10-29T20:30:00', '10-30T21:30:00'],
    ],
    ['midnight after it', 'Africa/Cairo', '0 0 * * *', '2026-10-29T12:00Z', ['10-29T22:00:00', '10-30T22:00:00']],
  ])('%s: %s, %s', (_, timezone, expression, after, expected) => {
    const found = previewFires(parseCron(expression, timezone), expected.length, Date.parse(after));
    expect(found.map((fire) => new Date(fire).toISOString().slice(5, 19))).toEqual(expected);
  });

  it('fires once at midnight after a gap that ends there, and once after a whole day skipped', () => {
    const nuuk = previewFires(parseCron('15 23 * * *', 'America/Nuuk'), 2, Date.UTC(2025, 2, 29, 12));
    expect(nuuk).toEqual([Date.UTC(2025, 2, 30, 1), Date.UTC(2025, 2, 31, 0, 15)]);
    const apia = previewFires(parseCron('0 12 * * *', 'Pacific/Apia'), 3, Date.UTC(2011, 11, 29, 12));
    expect(apia).toEqual([Date.UTC(2011, 11, 29, 22), Date.UTC(2011, 11, 30, 10), Date.UTC(2011, 11, 30, 22)]);
  });
});

/** What a clock on the wall of a zone shows. */
interface Shown {
  /** YYYY-MM-DD */
  date: string;
  /** HH:MM */
  time: string;
  hour: number;
  minute: number;
  weekday: string;
}

type Expected = { at: string; weekday?: string } | ((shown: Shown) => boolean);

/**
 * Each expression with its meaning, without any parser: an interval is what the clock must show; a fixed time is an
 * hour and minute `at`, which the clock reaches or skips once on each date.
 */
const MEANINGS: Record<string, Expected> = {
  '30 2 * * *': { at: '02:30' },
  '15 2 * * *': { at: '02:15' },
  '0 2 * * *': { at: '02:00' },
  '0 3 * * *': { at: '03:00' },
  '30 1 * * *': { at: '01:30' },
  '45 1 * * *': { at: '01:45' },
  '0 1 * * *': { at: '01:00' },
  '0 0 * * *': { at: '00:00' },
  '30 0 * * *': { at: '00:30' },
  '30 23 * * *': { at: '23:30' },
  '30 2 * * SUN': { at: '02:30', weekday: 'Sun' },
  '30 0 * * 5': { at: '00:30', weekday: 'Fri' },
  '*/30 * * * *': ({ minute }) => minute % 30 === 0,
  '*/7 * * * *': ({ minute }) => minute % 7 === 0,
  '0 * * * *': ({ minute }) => minute === 0,
  '0 */2 * * *': ({ hour, minute }) => minute === 0 && hour % 2 === 0,
  '0 1-3 * * *': ({ hour, minute }) => minute === 0 && hour >= 1 && hour <= 3,
  '30 2,14 * * *': ({ hour, minute }) => minute === 30 && (hour === 2 || hour === 14),
  '*/20 0 * * *': ({ hour, minute }) => minute % 20 === 0 && hour === 0,
  '5/10 23 * * SAT,SUN': ({ hour, minute, weekday }) =>
    minute % 10 === 5 && hour === 23 && (weekday === 'Sat' || weekday === 'Sun'),
};

describe('nextFire against a scan of the wall clock, minute by minute', () => {
  it.each([
    ['America/New_York', 2],
    ['America/Santiago', 2],
    ['America/Havana', 2],
    ['America/St_Johns', 2],
    ['Atlantic/Azores', 2],
    ['Europe/London', 2],
    ['Europe/Berlin', 2],
    ['Africa/Cairo', 2],
    ['Africa/Casablanca', 2],
    ['Asia/Beirut', 2],
    ['Australia/Lord_Howe', 2],
    ['Pacific/Chatham', 2],
    ['Antarctica/Troll', 2],
    ['Asia/Kolkata', 0],
    ['UTC', 0],
  ])('%s, around its %i changes of 2025', (timezone, changes) => {
    const read = clockOf(timezone);
    const days = daysOfChange(read);
    expect(days).toHaveLength(changes);
    for (const day of days.length ? days : [Date.UTC(2025, 5, 1)]) {
      const [from, until] = [day - 2 * DAY_MS, day + 3 * DAY_MS];
      const scan: [number, Shown][] = [];
      for (let instant = from - DAY_MS; instant <= until; instant += MINUTE_MS) scan.push([instant, read(instant)]);
      for (const [expression, meaning] of Object.entries(MEANINGS)) {
        const expected = expectedFires(scan, meaning).filter((fire) => fire > from);
        const found = firesBetween(parseCron(expression, timezone), from, until, Infinity);
        expect({ expression, fires: found }).toEqual({ expression, fires: expected });
      }
    }
  });
});

function expectedFires(scan: readonly [number, Shown][], meaning: Expected): number[] {
  if (typeof meaning === 'function') return scan.filter(([, shown]) => meaning(shown)).map(([instant]) => instant);
  const fires: number[] = [];
  const done = new Set<string>();
  for (const [instant, { date, time }] of scan) {
    if (time < meaning.at || done.has(date)) continue;
    done.add(date);
    const weekday = new Date(date).toUTCString().slice(0, 3);
    if (!meaning.weekday || meaning.weekday === weekday) fires.push(instant);
  }
  return fires;
}

function clockOf(timeZone: string): (instant: number) => Shown {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    weekday: 'short',
  });
  return (instant) => {
    const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
    return {
      date: `${part.year}-${part.month}-${part.day}`,
      time: `${part.hour}:${part.minute}`,
      hour: Number(part.hour),
      minute: Number(part.minute),
      weekday: part.weekday!,
    };
  };
}

/** The days of 2025 from whose midnight (UTC) to the next the clock does not show the same time again. */
function daysOfChange(read: (instant: number) => Shown): number[] {
  const days: number[] = [];
  for (let day = Date.UTC(2025, 0, 1); day < Date.UTC(2026, 0, 1); day += DAY_MS) {
    if (read(day).time !== read(day + DAY_MS).time) days.push(day);
  }
  return days;
}
