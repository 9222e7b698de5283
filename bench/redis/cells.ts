import type { Spread } from '../statistics.js';
import { METRICS, type MetricLabel } from './metrics.js';
import type { TargetSummary } from './summary.js';
import { verdictOf } from './targets.js';

/** How a figure is written, in the tables of the console and of a document; a ratio to 0 is not. */
export function numberText(value: number, digits: number): string {
  if (!Number.isFinite(value)) return '-';
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The median, and from the least to the most. */
export function spreadText(values: Spread | undefined, digits: number): string {
  if (!values) return '-';
  return `${numberText(values.median, digits)} (${numberText(values.min, digits)} - ${numberText(values.max, digits)})`;
}

export function labelOf(metric: string): MetricLabel {
  return METRICS[metric] ?? { label: metric, digits: 2 };
}

/** What a target is about, and what was found. */
export function foundText({ of, since, value }: TargetSummary): string {
  return `${{ ratio: 'ratio', value: 'ours', growth: `x ${since}` }[of]} ${numberText(value, 3)}`;
}

/** The same, and what is asked for. */
export function targetText(target: TargetSummary): string {
  return `${foundText(target)} ${verdictOf(target)}`.trimEnd();
}

export function verdictText({ met }: TargetSummary): string {
  return met === undefined ? '' : met ? 'met' : 'NOT MET';
}
