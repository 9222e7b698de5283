import { foundText, labelOf, numberText, verdictText } from './cells.js';
import type { Report } from './report.js';
import type { MetricSummary, ScenarioSummary } from './summary.js';
import { verdictOf } from './targets.js';

const BEGIN = '<!-- figures of redis: written by npm run bench -- redis --markdown -->';
const END = '<!-- end of figures of redis -->';
const NONE = '–';

/** The phases of a scenario: the prefix of their metrics, and what follows the title. */
const PHASES: readonly (readonly [prefix: string, title: string])[] = [
  ['', ''],
  ['add', ', added'],
  ['process', ', processed'],
];
/** Metrics with a row each, in this order. */
const FIGURES = [
  ...['startP50', 'startP99', 'lateP50', 'lateLast', 'missed', 'loadedMs', 'readyMs', 'firstMs', 'bytes'],
  ...['commandsPerSecond', 'redisUsPerSecond'],
];
/** And of scenarios without a rate. */
const FIGURES_WITHOUT_RATE = ['redisUs', 'longestMs'];

type Row = readonly string[];

/** The document with these figures between its markers. @throws Error if it does not have them */
export function withFigures(document: string, figures: string): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the document has no place for figures: ${BEGIN} … ${END}`);
  return `${document.slice(0, begin + BEGIN.length)}\n\n${figures.trim()}\n\n${document.slice(end)}`;
}

/** The report as Markdown: what was measured, on what, and which targets are met. */
export function figuresOf({ heading, date, summary, targets, doubts }: Report): string {
  const bounded = targets.filter(({ met }) => met !== undefined);
  const titleOf = (name: string): string => summary.find((each) => each.name === name)!.title;
  return [
    `Of ${date}. ${heading}. Medians; a ratio is ours to BullMQ's, the median of the rounds.`,
    ...(doubts.length > 0 ? [`Not to be quoted: ${doubts.join('; ')}.`] : []),
    table(
      [
        'What is measured',
        'Executions/s',
        'BullMQ',
        'Ratio',
        'Redis µs each',
        'BullMQ',
        'Ratio',
        'Longest script, ms',
        'BullMQ',
      ],
      summary.flatMap(rateRows),
    ),
    table(['What else is measured', 'Scheduler', 'BullMQ', 'Ratio'], summary.flatMap(figureRows)),
    table(
      ['Target', 'Found', 'Asked for', ''],
      bounded.map((target) => [
        `${titleOf(target.scenario)}: ${labelOf(target.metric).label}`,
        ...[foundText(target), verdictOf(target), verdictText(target)],
      ]),
    ),
  ].join('\n\n');
}

/** Rates and what they cost, one row for each phase. */
function rateRows({ title, metrics }: ScenarioSummary): Row[] {
  const of = (prefix: string, metric: string): MetricSummary | undefined =>
    metrics[prefix === '' ? metric : prefix + metric[0]!.toUpperCase() + metric.slice(1)];
  return PHASES.filter(([prefix]) => of(prefix, 'perSecond')).map(([prefix, phase], i) => [
    title + phase,
    ...cells(of(prefix, 'perSecond'), 0),
    ...cells(of(prefix, 'redisUs'), 1),
    ...(i === 0 ? cells(metrics.longestMs, 1).slice(0, 2) : ['', '']),
  ]);
}

function figureRows(scenario: ScenarioSummary): Row[] {
  const { title, metrics } = scenario;
  return [...FIGURES, ...(rateRows(scenario).length > 0 ? [] : FIGURES_WITHOUT_RATE)]
    .filter((metric) => metrics[metric])
    .map((metric) => {
      const { label, digits, single } = labelOf(metric);
      const [ours, bullmq, ratio] = cells(metrics[metric], digits);
      return [`${title}: ${label}`, ours!, bullmq!, single ? '' : ratio!];
    });
}

/** Ours, BullMQ's, and the ratio. */
function cells(values: MetricSummary | undefined, digits: number): string[] {
  const { ours, bullmq, ratio } = values ?? {};
  const text = (value: number | undefined, places: number): string =>
    value === undefined ? NONE : numberText(value, places);
  return [text(ours?.median, digits), text(bullmq?.median, digits), text(ratio?.median, 2)];
}

/** Aligned, as the formatter of this repository writes it. */
function table(header: Row, rows: readonly Row[]): string {
  const widths = header.map((_, column) => Math.max(3, ...[header, ...rows].map((row) => row[column]!.length)));
  const line = (row: Row): string => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
