import type { PipeTransform } from '@nestjs/common';
import { ConsoleError } from '../console-error.js';

/** Parameters of a query: text, or an integer within a range. */
export type QueryShape = Readonly<Record<string, 'text' | readonly [min: number, max: number]>>;
export type QueryValues = Record<string, string | number | undefined>;

const MAX_TEXT = 300;

/** Checks the query: each parameter is known, given once, and of its type. */
export class QueryPipe implements PipeTransform<unknown, QueryValues> {
  constructor(private readonly shape: QueryShape) {}

  /** @throws ConsoleError INVALID_QUERY */
  transform(query: unknown): QueryValues {
    const values: QueryValues = {};
    for (const [key, value] of Object.entries<unknown>((query ?? {}) as Record<string, unknown>)) {
      const kind = Object.hasOwn(this.shape, key) ? this.shape[key]! : null;
      const name = key.slice(0, 80);
      if (!kind) throw invalid(name, 'unknown', Object.keys(this.shape).join(', ') || 'no parameter');
      if (typeof value !== 'string') throw invalid(name, 'given more than once', 'once');
      if (value.length > MAX_TEXT) throw invalid(name, `${value.length} characters`, `at most ${MAX_TEXT}`);
      values[key] = kind === 'text' ? value : wholeNumber(name, value, kind);
    }
    return values;
  }
}

function wholeNumber(name: string, value: string, [min, max]: readonly [number, number]): number {
  const number = /^\d{1,9}$/.test(value) ? Number(value) : NaN;
  if (!(number >= min && number <= max)) throw invalid(name, JSON.stringify(value.slice(0, 80)), `${min} to ${max}`);
  return number;
}

function invalid(name: string, found: string, allowed: string): ConsoleError {
  return new ConsoleError('INVALID_QUERY', 400, `query parameter '${name}': ${found}; allowed: ${allowed}`, name);
}
