import { ratios, spread, type Spread } from '../statistics.js';
import { TARGETS, isMet, type Target } from './targets.js';
import type { Side } from './subject.js';
import type { Scenario } from './scenarios.js';
import type { Metrics } from './run.js';

/** What was measured: by scenario, one entry a round. A side that was invalid in a round is missing there. */
export type Samples = Map<string, Partial<Record<Side, Metrics>>[]>;

export interface MetricSummary {
  ours?: Spread;
  bullmq?: Spread;
  /** ours / BullMQ's of each round. */
  ratio?: Spread;
  samples: Record<Side, number[]>;
}

export interface ScenarioSummary {
  name: string;
  title: string;
  metrics: Record<string, MetricSummary>;
}

export interface TargetSummary extends Target {
  value: number;
  met: boolean | undefined;
}

export function addSample(samples: Samples, scenario: string, side: Side, round: number, metrics: Metrics): void {
  const rounds = samples.get(scenario) ?? [];
  samples.set(scenario, rounds);
  (rounds[round - 1] ??= {})[side] = metrics;
}

export function summarize(scenarios: readonly Scenario[], samples: Samples): ScenarioSummary[] {
  return scenarios.map(({ name, title }) => {
    const rounds = Object.values(samples.get(name) ?? []);
    const names = new Set(rounds.flatMap((round) => Object.values(round).flatMap((metrics) => Object.keys(metrics))));
    return {
      name,
      title,
      metrics: Object.fromEntries([...names].map((metric) => [metric, summaryOf(rounds, metric)])),
    };
  });
}

function summaryOf(rounds: readonly Partial<Record<Side, Metrics>>[], metric: string): MetricSummary {
  const valuesOf = (side: Side): number[] => rounds.flatMap((round) => round[side]?.[metric] ?? []);
  const samples = { ours: valuesOf('ours'), bullmq: valuesOf('bullmq') };
  const both = rounds.filter(({ ours, bullmq }) => ours && bullmq);
  const summary: MetricSummary = { samples };
  if (samples.ours.length > 0) summary.ours = spread(samples.ours);
  if (samples.bullmq.length > 0) summary.bullmq = spread(samples.bullmq);
  if (both.length > 0)
    summary.ratio = spread(
      ratios(
        both.map(({ ours }) => ours![metric]!),
        both.map(({ bullmq }) => bullmq![metric]!),
      ),
    );
  return summary;
}

/** Those targets whose figures were taken. */
export function judge(summary: readonly ScenarioSummary[]): TargetSummary[] {
  const of = (name: string, metric: string): MetricSummary | undefined =>
    summary.find((each) => each.name === name)?.metrics[metric];
  return TARGETS.flatMap((target) => {
    const measured = of(target.scenario, target.metric);
    const value =
      target.of === 'ratio'
        ? measured?.ratio?.median
        : target.of === 'value'
          ? measured?.ours?.median
          : growthOf(of(target.since!, target.metric), measured);
    return value === undefined ? [] : [{ ...target, value, met: isMet(target, value) }];
  });
}

function growthOf(from: MetricSummary | undefined, to: MetricSummary | undefined): number | undefined {
  return from?.ours && to?.ours && to.ours.median / from.ours.median;
}
