import { labelOf, numberText, spreadText, targetText, verdictText } from './cells.js';
import type { Limit } from './limits.js';
import type { TargetSummary, ScenarioSummary } from './summary.js';

export interface Report {
  /** Versions, machine and size of the run. */
  heading: string;
  /** Day of the run, ISO 8601. */
  date: string;
  summary: readonly ScenarioSummary[];
  targets: readonly TargetSummary[];
  limits: readonly Limit[];
  /** Why the figures are not to be quoted. */
  doubts: readonly string[];
}

const WIDTHS = [28, 34, 34, 24];

/** Median (least to most) of each side and of the rounds' ratios, with the target in the row of its metric. */
export function printReport({ heading, summary, targets, limits, doubts }: Report): void {
  console.log(`${heading}\nmedian (least - most); ratio = ours / BullMQ's, round by round`);
  for (const { name, title, metrics } of summary) {
    console.log(`\n${row(`${name}: ${title}`.padEnd(WIDTHS[0]!), '', '', '')}`);
    console.log(row('', 'ours', 'BullMQ', 'ratio', 'target'));
    for (const [metric, { ours, bullmq, ratio }] of Object.entries(metrics)) {
      const { label, digits, single } = labelOf(metric);
      const about = targets.filter((target) => target.scenario === name && target.metric === metric);
      console.log(
        row(
          `  ${label}`,
          spreadText(ours, digits),
          spreadText(bullmq, digits),
          single ? '' : spreadText(ratio, 3),
          about.map((target) => `${targetText(target)} ${verdictText(target)}`.trimEnd()).join('; '),
        ),
      );
    }
  }
  if (limits.length > 0) {
    console.log('\nThe physical limit: redis-benchmark, 50 connections, on the same server');
    for (const { title, pipeline, perSecond, redisUs } of limits)
      console.log(
        row(
          `  ${title}`.padEnd(62),
          `pipeline ${pipeline}`,
          `${numberText(perSecond, 0)}/s`,
          `${numberText(redisUs, 2)} µs`,
        ),
      );
  }
  const judged = targets.filter(({ met }) => met !== undefined);
  if (judged.length > 0) console.log('\nTargets');
  for (const target of judged)
    console.log(
      `  ${verdictText(target).padEnd(8)} ${target.scenario}: ${labelOf(target.metric).label}: ${targetText(target)}`,
    );
  if (doubts.length > 0) console.log(`\nNOT TO BE QUOTED:\n${doubts.map((doubt) => `  ${doubt}`).join('\n')}`);
}

function row(...cells: string[]): string {
  return cells
    .map((cell, i) => cell.padEnd(WIDTHS[i] ?? 0))
    .join(' ')
    .trimEnd();
}
