import { describe, expect, it } from '@jest/globals';
import { checkTaskDefinition } from './check-definition.js';
import { InvalidDateError, InvalidDurationError } from './errors.js';
import { parseInstant, planExecution } from './plan-execution.js';

const NOW = Date.parse('2026-03-01T00:00:00Z');
const read = (value: unknown) => new Date(parseInstant(value, 'scheduledTime', NOW)).toISOString();

describe('parseInstant', () => {
  it.each([
    ['2026-03-01T09:00:00Z', '2026-03-01T09:00:00.000Z'],
    ['2026-03-01T09:00+02:00', '2026-03-01T07:00:00.000Z'],
    ['2026-03-01 09:00:00.250-0500', '2026-03-01T14:00:00.250Z'],
    ['2026-03-01 09:00:00+00', '2026-03-01T09:00:00.000Z'],
    ['Sun, 01 Mar 2026 09:00:00 GMT', '2026-03-01T09:00:00.000Z'],
    ['Sun Mar 01 2026 10:00:00 GMT+0100 (Central European Standard Time)', '2026-03-01T09:00:00.000Z'],
    ['2028-02-29T09:00Z', '2028-02-29T09:00:00.000Z'],
    ['29 Feb 2028 09:00 GMT', '2028-02-29T09:00:00.000Z'],
    // A date is its midnight in UTC, on every machine.
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    [NOW, '2026-03-01T00:00:00.000Z'],
    [new Date(NOW), '2026-03-01T00:00:00.000Z'],
  ])('parses %j', (value, instant) => {
    expect(read(value)).toBe(instant);
  });

  it.each([
    ...['2026-03-01T09:00:00', '2026-03-01T09:00', '2026-03-01 09:00', 'March 1, 2026 09:00', 'March 1, 2026'],
    ...[
      '12-25-2026',
      '09:00 12-25-2026',
      '2026-13-01',
      // Days that their months do not have; JavaScript would count on.
      ...[
        '2027-02-29',
        '2027-02-31T09:00:00Z',
        '2026-04-31T09:00+02:00',
        '31 Apr 2026 09:00 GMT',
        'Feb 30 2027 09:00 GMT',
      ],
      'soon',
      '',
      Number.NaN,
      new Date(Number.NaN),
      '2126-01-01',
      null,
    ],
  ])('refuses %j, which depends on the zone of the machine, or is no instant', (value) => {
    expect(() => read(value)).toThrow(InvalidDateError);
  });

  it('reports what is allowed', () => {
    expect(() => read('2026-03-01T09:00:00')).toThrow(/scheduledTime.*with a zone \(Z or \+02:00\)/);
  });
});

describe('planExecution', () => {
  const task = checkTaskDefinition({ taskId: 't', funcPath: 'app.t', ttl: '1h' });

  it('uses the ttl of the task, or the given one', () => {
    expect(planExecution(task, 'id', NOW)).toMatchObject({ ttl: 3_600_000 });
    expect(planExecution(task, 'id', NOW, { ttl: '10s' })).toMatchObject({ ttl: 10_000 });
    const other = checkTaskDefinition({ taskId: 't', funcPath: 'app.t' });
    expect(planExecution(other, 'id', NOW)).not.toHaveProperty('ttl');
    expect(() => planExecution(task, 'id', NOW, { ttl: 0 })).toThrow(InvalidDurationError);
  });

  const printOf = (options: object) =>
    planExecution(task, 'id', NOW, { idempotencyKey: 'k', ...options }).idempotency!.fingerprint;

  it('includes a given ttl in the comparison of requests', () => {
    expect(printOf({ ttl: '10s' })).toBe(printOf({ ttl: 10_000 }));
    expect(printOf({ ttl: '10s' })).not.toBe(printOf({}));
  });

  it.each([
    [{ ttl: '60m' }, { delay: '1s' }],
    [{ delay: 0 }, { ttl: '1s' }],
    [{ delay: '0s' }, { payload: 0 }],
    [{ after: {} }, { after: { a: 'x' } }],
    [{ priority: 'NORMAL' }, { priority: 'LOW' }],
    [{ tags: [] }, { scheduledTime: NOW }],
    [{ payload: undefined }, { payload: {} }],
  ])('takes %j for a request without options, and not %j', (same, other) => {
    expect(printOf(same)).toBe(printOf({}));
    expect(printOf(other)).not.toBe(printOf({}));
  });
});
