import ms, { type StringValue } from 'ms';
import { DurationUnitError, InvalidDurationError } from './errors.js';

/** Milliseconds as a number, or text such as '50ms', '10m', '1h' (library `ms`). */
export type Duration = number | string;

export const TEN_YEARS = 10 * 365 * 24 * 3_600_000;

export interface DurationRule {
  /** Smallest allowed value, ms. Default 0. */
  min?: number;
  /** Largest allowed value, ms. Default ten years. */
  max?: number;
  /** How to treat a bare number from 1 to 999, which is often meant as seconds. Default 'warn'. */
  bareSeconds?: 'refuse' | 'warn' | 'accept';
  /** Default: `process.emitWarning`. */
  warn?: (message: string) => void;
}

/**
 * Milliseconds of a duration, rounded to an integer.
 * @throws InvalidDurationError if it is negative, not finite, not a duration, or out of the rule's range
 * @throws DurationUnitError if it is a bare number under 1000 and the rule refuses those
 */
export function parseDuration(value: unknown, field: string, rule: DurationRule = {}): number {
  const { min = 0, max = TEN_YEARS, bareSeconds = 'warn' } = rule;
  const allowed = `${min} to ${max} ms, as a number or as text such as '10m'`;
  const parsed = typeof value === 'number' ? value : typeof value === 'string' ? parseText(value) : undefined;
  if (parsed === undefined || !Number.isFinite(parsed) || parsed < min || parsed > max)
    throw new InvalidDurationError(field, value, allowed);
  if (typeof value === 'number' && value > 0 && value < 1000) {
    if (bareSeconds === 'refuse') throw new DurationUnitError(field, value);
    if (bareSeconds === 'warn') warnOnce(field, value, rule.warn);
  }
  // + 0 converts -0 to 0.
  return Math.round(parsed) + 0;
}

/** Digits in text are as ambiguous as a bare number, so text requires a unit. */
function parseText(text: string): number | undefined {
  if (text.length > 40 || !/^-?\d*\.?\d+ *[a-z]+$/i.test(text.trim())) return undefined;
  return ms(text.trim() as StringValue);
}

const warned = new Set<string>();

function warnOnce(field: string, value: number, warn?: (message: string) => void): void {
  if (warned.has(field)) return;
  warned.add(field);
  (warn ?? emitWarning)(
    `${field}: ${value} is taken as ${value} milliseconds; if seconds were meant, write '${value}s' ('${value}ms' ends this warning)`,
  );
}

function emitWarning(message: string): void {
  process.emitWarning(message, 'DurationWarning');
}
