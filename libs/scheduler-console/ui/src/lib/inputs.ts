import { messageOf } from '../api/client';
import { parseDuration } from './format';
import { FieldProblem, type ReadField } from './form';

/** An instant as an input of the type datetime-local has it: in the reader's own time zone, to the second. */
export function toLocalInput(iso: string | null | undefined): string {
  const date = new Date(iso ?? Number.NaN);
  if (Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** And back. @returns undefined where it is empty or no instant */
export function fromLocalInput(text: string): string | undefined {
  const date = new Date(text);
  return text === '' || Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

/** @throws FieldProblem */
export function readJson(read: ReadField, field: string): unknown {
  try {
    return JSON.parse(read(field));
  } catch (error) {
    throw new FieldProblem(field, `This is no JSON: ${messageOf(error)}`);
  }
}

/** @throws FieldProblem */
export function readDuration(read: ReadField, field: string): number {
  const ms = parseDuration(read(field));
  if (ms === null) throw new FieldProblem(field, 'A number with a unit: 500ms, 90s, 10m, 2h, 1d.');
  return ms;
}

export function readList(read: ReadField, field: string): string[] {
  return read(field)
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}
