import { describe, expect, it } from '@jest/globals';
import { CronNeverFiresError, InvalidCronExpressionError, InvalidTimezoneError } from '../core/errors.js';
import { parseCron } from './cron-expression.js';
import { cpuTime } from '../../../../test/support/cpu-time.js';

function refusal(expression: unknown, timezone?: string): unknown {
  try {
    parseCron(expression, timezone);
  } catch (error) {
    return error;
  }
  throw new Error(`${String(expression)} was taken`);
}

describe('parseCron', () => {
  it.each([
    ['60 * * * *', 'field 1 (minute): 60 is not in 0-59'],
    ['60 0 0 * * *', 'field 1 (second): 60 is not in 0-59'],
    ['0 24 * * *', 'field 2 (hour): 24 is not in 0-23'],
    ['0 0 0 * *', 'field 3 (day of month): 0 is not in 1-31'],
    ['0 0 32 * *', 'field 3 (day of month): 32 is not in 1-31'],
    ['0 0 * 13 *', 'field 4 (month): 13 is not in 1-12 or JAN-DEC'],
    ['0 0 * MON *', 'field 4 (month): MON is not in 1-12 or JAN-DEC'],
    ['0 0 * * 8', 'field 5 (weekday): 8 is not in 0-7 or SUN-SAT'],
    ['0 0 * * constructor', 'field 5 (weekday): constructor is not in 0-7 or SUN-SAT'],
    ['MON * * * *', 'field 1 (minute): MON is not in 0-59'],
    ['0 0 1-40 * *', 'field 3 (day of month): 40 is not in 1-31'],
    ['5-1 * * * *', 'field 1 (minute): range 5-1 runs backwards'],
    ['0 0 * * FRI-MON', 'field 5 (weekday): range FRI-MON runs backwards'],
    ['0 0 * DEC-JAN *', 'field 4 (month): range DEC-JAN runs backwards'],
    ['*/0 * * * *', 'field 1 (minute): step 0 is not in 1-60'],
    ['*/61 * * * *', 'field 1 (minute): step 61 is not in 1-60'],
    ['*/1000000000 * * * *', 'field 1 (minute): step 1000000000 is not in 1-60'],
    ['0 0 * * */8', 'field 5 (weekday): step 8 is not in 1-7'],
    ['*/1e1 * * * *', 'field 1 (minute): */1e1 is not a value, a range or a step'],
    ['1/ * * * *', 'field 1 (minute): 1/ is not a value, a range or a step'],
    ['*/5/5 * * * *', 'field 1 (minute): */5/5 is not a value, a range or a step'],
    ['1-2-3 * * * *', 'field 1 (minute): 1-2-3 is not a value, a range or a step'],
    ['-1 * * * *', 'field 1 (minute): -1 is not a value, a range or a step'],
    ['*-5 * * * *', 'field 1 (minute): *-5 is not a value, a range or a step'],
    ['0x1 * * * *', 'field 1 (minute): 0x1 is not in 0-59'],
    ['1,,2 * * * *', 'field 1 (minute): an item of the list is empty'],
    ['1, * * * *', 'field 1 (minute): an item of the list is empty'],
    ['? * * * *', "field 1 (minute): '?' is allowed only for day of month and weekday"],
    ['0 0 * * L', 'field 5 (weekday): L is not in 0-7 or SUN-SAT'],
    ['0 0 L-3 * *', 'field 3 (day of month): L is not in 1-31'],
    ['0 0 1W * *', 'field 3 (day of month): 1W is not in 1-31'],
    ['H * * * *', 'field 1 (minute): H is not in 0-59'],
    ['0 0 * * 5#6', 'field 5 (weekday): 5#6 is not weekday#1 to weekday#5'],
    ['0 0 * * 1#1,2', 'field 5 (weekday): 1#1,2 is not weekday#1 to weekday#5'],
    ['0 0 * * #2', 'field 5 (weekday): nothing is not in 0-7 or SUN-SAT'],
    ['', 'is empty; expected 5 fields, or 6 with seconds'],
    [' \t ', 'is empty; expected 5 fields, or 6 with seconds'],
    ['*', 'has 1 field; expected 5, or 6 with seconds'],
    ['* * * *', 'has 4 fields; expected 5, or 6 with seconds'],
    ['* * * * * * *', 'has 7 fields; expected 5, or 6 with seconds'],
    ['@reboot', 'character "@" is not allowed'],
    ['1.5 * * * *', 'character "." is not allowed'],
    [undefined, 'is not text'],
    [5, 'is not text'],
    [{ toString: () => '* * * * *' }, 'is not text'],
  ])('refuses %j: %s', (expression, problem) => {
    const error = refusal(expression) as InvalidCronExpressionError;
    expect(error).toBeInstanceOf(InvalidCronExpressionError);
    expect(error.code).toBe('INVALID_CRON');
    expect(error.message.endsWith(`: ${problem}`)).toBe(true);
  });

  it.each([
    ['0 0 * * 0,7', '0 0 * * 0'],
    ['0 0 * * SUN,sun,MON', '0 0 * * 0-1'],
    ['1-5,3 * * * *', '1-5 * * * *'],
    ['5,1,5,1-3/2 * * * *', '1,3,5 * * * *'],
    ['*/20,0,50/5 * * * *', '0,20,40,50,55 * * * *'],
    ['*,5 * * * *', '* * * * *'],
    ['0 0 1,*/1 * MON', '0 0 * * MON'],
    ['0 0 * JUL,7,jul-AUG *', '0 0 * 7,8 *'],
    ['0 0 L,15,L,15 * *', '0 0 15,L * *'],
    ['0 0 * * 5L,FRIL,1', '0 0 * * 1,5L'],
    ['0 0 * * MON-SUN', '0 0 * * 1-7'],
    ['0 0 * * sat-sun', '0 0 * * 0,6'],
    ['0 0 * * FRI-SUN/2', '0 0 * * 0,5'],
    ['0 0 * * WED,SAT-SUN', '0 0 * * 0,3,6'],
    ['0 0 * * 7/2,1', '0 0 * * 0,1'],
    ['0 0 * * SUN-SUN', '0 0 * * 0'],
    ['* * * * *\n', '* * * * *'],
    ['\n  0\t3\r\n* *\u00a0*  ', '0 3 * * *'],
  ])('parses %j as %s', (text, same) => {
    const fields = ({ expression: _, ...rest }: ReturnType<typeof parseCron>) => rest;
    expect(fields(parseCron(text))).toEqual(fields(parseCron(same)));
    expect(parseCron(text).expression).toBe(text);
  });

  it('refuses a huge text without parsing it', () => {
    const took = cpuTime();
    for (const text of ['1,'.repeat(100_000), '* '.repeat(100_000), 'x'.repeat(200_000)]) {
      const error = refusal(text) as Error;
      expect(error.message).toMatch(/is 200000 characters long; allowed: 256$/);
      expect(error.message.length).toBeLessThan(200);
    }
    expect(took()).toBeLessThan(500);
    const full = '0,1,2 '.repeat(2) + '* * *';
    expect(parseCron(full.padEnd(256)).minutes).toEqual([0, 1, 2]);
    refusal(full.padEnd(257));
  });

  it.each(['0 0 30 2 *', '0 0 31 4,6 *', '0 0 31 2,4,6,9,11 ?', '0 0 0 30-31 FEB *'])('%s never fires', (text) => {
    parseCron('* * * * *');
    const took = cpuTime();
    const error = refusal(text) as CronNeverFiresError;
    expect(took()).toBeLessThan(500);
    expect(error).toBeInstanceOf(CronNeverFiresError);
    expect(error.code).toBe('CRON_NEVER_FIRES');
    expect(error.message).toContain(text);
  });

  it.each(['0 0 29 2 *', '0 0 31 1,2 *', '0 0 30 2 MON', '0 0 L 2 *'])('%s fires', (text) => {
    expect(parseCron(text).expression).toBe(text);
  });

  it.each(['+25:00', '+02:00', 'Mars/Phobos', 'EST5EDTX', '', ' UTC', 'UTC\n', 'Europe/Berlin\0', 'E'.repeat(100_000)])(
    'refuses timezone %j',
    (timezone) => {
      const error = refusal('* * * * *', timezone) as InvalidTimezoneError;
      expect(error).toBeInstanceOf(InvalidTimezoneError);
      expect(error.code).toBe('INVALID_TIMEZONE');
    },
  );

  it.each([null, 5, {}])('refuses timezone %j, which is not text', (timezone) => {
    expect(refusal('* * * * *', timezone as never)).toBeInstanceOf(InvalidTimezoneError);
  });

  it.each(['UTC', 'Etc/GMT+5', 'America/Argentina/Buenos_Aires', 'europe/berlin'])(
    'accepts timezone %s',
    (timezone) => {
      expect(parseCron('* * * * *', timezone).timezone).toBe(timezone);
    },
  );

  it('takes UTC as the default timezone', () => {
    expect(parseCron('* * * * *').timezone).toBe('UTC');
  });

  it('expands values, ranges, steps, lists and names', () => {
    const cron = parseCron('5/20 1-10/4,12 8,20 jan-MAR,12 mon-Fri');
    expect(cron.seconds).toEqual([0]);
    expect(cron.minutes).toEqual([5, 25, 45]);
    expect(cron.hours).toEqual([1, 5, 9, 12]);
    expect(cron.daysOfMonth).toEqual({ dates: new Set([8, 20]), last: false });
    expect(cron.months).toEqual(new Set([1, 2, 3, 12]));
    expect(cron.weekdays).toEqual({ nth: 0, days: new Set([1, 2, 3, 4, 5]), lastOfMonth: new Set() });
  });

  it.each([
    ['0 0 * * 7', [0]],
    ['0 0 * * SUN', [0]],
    ['0 0 * * 5-7', [0, 5, 6]],
    ['0 0 * * 1-7/3', [0, 1, 4]],
    ['0 0 * * */2', [0, 2, 4, 6]],
    ['0 0 * * 0-7', [0, 1, 2, 3, 4, 5, 6]],
  ])('parses the weekdays of %s, 0 and 7 both Sunday', (text, days) => {
    expect([...parseCron(text).weekdays!.days].sort()).toEqual(days);
  });

  it('parses L and #', () => {
    expect(parseCron('0 0 l,15 * ?').daysOfMonth).toEqual({ dates: new Set([15]), last: true });
    expect(parseCron('0 0 ? * 1,FRIL,7L').weekdays).toEqual({
      nth: 0,
      days: new Set([1]),
      lastOfMonth: new Set([5, 0]),
    });
    expect(parseCron('0 0 ? * fri#3').weekdays).toEqual({ nth: 3, days: new Set([5]), lastOfMonth: new Set() });
  });

  it.each([
    ['30 2 * * *', true],
    ['15 30 2 * * *', true],
    ['*/60 2 * * *', true],
    ['30 2,3 * * *', false],
    ['30 2-3 * * *', false],
    ['30 * * * *', false],
    ['*/30 2 * * *', false],
    ['* 30 2 * * *', false],
  ])('%s is a fixed time: %s', (text, fixed) => {
    expect(parseCron(text).fixedTime).toBe(fixed);
  });
});
