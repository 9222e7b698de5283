const MAX_LENGTH = 256;

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names of the values from `min` on. */
  readonly names?: readonly string[];
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const SECOND: Field = { name: 'second', min: 0, max: 59 };
const FIELDS: readonly Field[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'weekday', min: 0, max: 7, names: WEEKDAYS },
];

/**
 * The syntax error of a cron expression, or null. Stricter than cron-parser, which accepts `""` as every minute, fills
 * missing fields on the left, and accepts steps wider than their field.
 */
export function findSyntaxProblem(expression: unknown): string | null {
  if (typeof expression !== 'string') return 'is not text';
  if (expression.length > MAX_LENGTH) return `is ${expression.length} characters long; allowed: ${MAX_LENGTH}`;
  if (expression.trim() === '') return 'is empty; expected 5 fields, or 6 with seconds';
  const foreign = /[^0-9A-Za-z*?,/#\-\s]/.exec(expression);
  if (foreign) return `character ${JSON.stringify(foreign[0])} is not allowed`;

  const texts = expression.trim().split(/\s+/);
  if (texts.length !== 5 && texts.length !== 6) {
    return `has ${texts.length} field${texts.length === 1 ? '' : 's'}; expected 5, or 6 with seconds`;
  }
  const fields = texts.length === 6 ? [SECOND, ...FIELDS] : FIELDS;
  for (const [i, field] of fields.entries()) {
    const problem = findFieldProblem(texts[i]!, field);
    if (problem) return `field ${i + 1} (${field.name}): ${problem}`;
  }
  return null;
}

function findFieldProblem(text: string, field: Field): string | null {
  const isDay = field.name === 'day of month' || field.name === 'weekday';
  if (text === '?') return isDay ? null : "'?' is allowed only for day of month and weekday";

  if (field.name === 'weekday' && text.includes('#')) {
    const [day, nth, ...rest] = text.split('#');
    if (rest.length > 0 || !/^[1-5]$/.test(nth!)) return `${text} is not weekday#1 to weekday#5`;
    return findValueProblem(day!, field);
  }
  for (const item of text.split(',')) {
    const problem = findItemProblem(item, field);
    if (problem) return problem;
  }
  return null;
}

/** One item of a list: `*`, `a`, `a-b`, optionally with `/step`; and the forms with L. */
function findItemProblem(item: string, field: Field): string | null {
  if (field.name === 'day of month' && item.toUpperCase() === 'L') return null;
  if (field.name === 'weekday' && /^\w+L$/i.test(item)) return findValueProblem(item.slice(0, -1), field);

  const parts = /^(?:\*|(?<from>\w+)(?:-(?<to>\w+))?)(?:\/(?<step>\d+))?$/.exec(item)?.groups;
  if (!parts) return item === '' ? 'an item of the list is empty' : `${item} is not a value, a range or a step`;
  const { from, to, step } = parts;

  const widest = field.name === 'weekday' ? 7 : field.max - field.min + 1;
  if (step !== undefined && !(Number(step) >= 1 && Number(step) <= widest)) return `step ${step} is not in 1-${widest}`;
  if (from === undefined) return null;
  const problem = findValueProblem(from, field) ?? (to === undefined ? null : findValueProblem(to, field));
  if (problem || to === undefined) return problem;
  return valueOf(from, field) > endOf(to, field) ? `range ${from}-${to} runs backwards` : null;
}

/** At the end of a range SUN follows Saturday: MON-SUN is the whole week. */
function endOf(text: string, field: Field): number {
  return field.name === 'weekday' && text.toUpperCase() === 'SUN' ? 7 : valueOf(text, field);
}

/**
 * Converts an expression for cron-parser: Sunday at the end of a range is 7, no list contains a value twice.
 * @param expression with valid syntax
 */
export function normalize(expression: string): string {
  const texts = expression.trim().toUpperCase().split(/\s+/);
  const fields = texts.length === 6 ? [SECOND, ...FIELDS] : FIELDS;
  return texts.map((text, i) => normalizeField(text, fields[i]!)).join(' ');
}

function normalizeField(text: string, field: Field): string {
  const items = text
    .split(',')
    .map((item) => (field.name === 'weekday' ? item.replace(/^(?!SUN|0)(\w+)-SUN\b/, '$1-7') : item));
  if (items.length === 1) return items[0]!;
  if (items.some((item) => /^\*(?:\/1)?$/.test(item))) return '*';
  const values = new Set<string | number>();
  for (const item of items) for (const value of valuesOf(item, field)) values.add(value);
  const ordered = [...values].sort((a, b) => Number(a) - Number(b));
  return ordered.join(',');
}

/** The values of an item of a list; forms with L stay as they are. */
function valuesOf(item: string, field: Field): (string | number)[] {
  const parts = /^(?:\*|(?<from>[A-Z0-9]+?)(?:-(?<to>[A-Z0-9]+))?)(?:\/(?<step>\d+))?$/.exec(item)?.groups;
  const isWeekday = field.name === 'weekday';
  if (isWeekday && /^\w+L$/.test(item)) return [`${valueOf(item.slice(0, -1), field) % 7}L`];
  if (!parts || item === 'L') return [item];
  const { from, to, step } = parts;
  const first = from === undefined ? field.min : valueOf(from, field);
  const last = to !== undefined ? valueOf(to, field) : from === undefined || step !== undefined ? field.max : first;
  const values: number[] = [];
  for (let value = first; value <= last; value += Number(step ?? 1)) values.push(isWeekday ? value % 7 : value);
  return values;
}

function findValueProblem(text: string, field: Field): string | null {
  const value = valueOf(text, field);
  if (value >= field.min && value <= field.max) return null;
  const names = field.names ? ` or ${field.names[0]}-${field.names.at(-1)}` : '';
  return `${text === '' ? 'nothing' : text} is not in ${field.min}-${field.max}${names}`;
}

function valueOf(text: string, field: Field): number {
  if (/^\d+$/.test(text)) return Number(text);
  const index = field.names?.indexOf(text.toUpperCase()) ?? -1;
  return index < 0 ? NaN : index + field.min;
}
