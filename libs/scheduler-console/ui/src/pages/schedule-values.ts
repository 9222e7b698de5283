import type { Schedule } from '../api/types';
import { asText } from '../lib/format';
import { FieldProblem, type ReadField } from '../lib/form';
import { fromLocalInput, readDuration, readJson } from '../lib/inputs';

export const OVERLAPS: readonly (readonly [Schedule['overlap'], string])[] = [
  ['skip', 'skip the new one'],
  ['allow', 'run both'],
  ['queue', 'wait for the one before'],
  ['cancel', 'cancel the one before'],
];
export const MISFIRES = [
  ['once', 'run once'],
  ['skip', 'skip them'],
  ['all', 'run them all'],
] as const;
export type MisfireChoice = (typeof MISFIRES)[number][0];

const CATCH_UP = 100;
const HIDDEN = '[redacted]';

export function misfireOf({ misfire = 'once' }: Partial<Schedule>): { choice: MisfireChoice; atMost: number } {
  return typeof misfire === 'string' ? { choice: misfire, atMost: CATCH_UP } : { choice: 'all', atMost: misfire.all };
}

/** A payload to edit; what cannot be shown whole is left as it is unless something else is written. */
export function editablePayload(schedule: Schedule | null): { text: string; hint: string | undefined } {
  if (schedule === null) return { text: '', hint: undefined };
  const text = schedule.payload === undefined || schedule.payload === null ? '' : asText(schedule.payload);
  if (text !== '' && !text.includes(HIDDEN)) return { text, hint: undefined };
  return { text: '', hint: 'If empty, it is not changed. Values hidden here are kept.' };
}

/**
 * What a filled-in form puts.
 * @param payload the text that was there to edit
 * @throws FieldProblem
 */
export function scheduleBody(read: ReadField, payload: string): Record<string, unknown> {
  const misfire = read('misfire');
  const written = read('payload');
  const optional = {
    startTime: fromLocalInput(read('startTime')),
    endTime: fromLocalInput(read('endTime')),
    jitter: read('jitter') === '' ? undefined : readDuration(read, 'jitter'),
    payload: written === payload ? undefined : written === '' ? null : readJson(read, 'payload'),
  };
  return {
    taskId: read('taskId'),
    cronExpression: required(read, 'cronExpression'),
    timezone: required(read, 'timezone'),
    overlap: read('overlap'),
    misfire: misfire === 'all' ? { all: Number(read('atMost')) } : misfire,
    ...optional,
  };
}

function required(read: ReadField, field: string): string {
  const text = read(field);
  if (text === '') throw new FieldProblem(field, 'This must be given.');
  return text;
}
