import { ratios, spread, type Spread } from '../statistics.js';
import { ANY, TARGETS, isMet, type Target } from './targets.js';
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
  return TARGETS.flatMap((target) => {
    const named = target.scenario === ANY ? worstOf(summary, target) : target;
    const value = valueOf(summary, named);
    return value === undefined ? [] : [{ ...named, value, met: isMet(named, value) }];
  });
}

function valueOf(summary: readonly ScenarioSummary[], target: Target): number | undefined {
  const of = (name: string): MetricSummary | undefined =>
    summary.find((each) => each.name === name)?.metrics[target.metric];
  const measured = of(target.scenario);
  if (target.of === 'ratio') return measured?.ratio?.median;
  if (target.of === 'value') return measured?.ours?.median;
  const from = of(target.since!);
  return from?.ours && measured?.ours && measured.ours.median / from.ours.median;
}

/** The target for ANY, as one for the scenario in which our value is the greatest. */
function worstOf(summary: readonly ScenarioSummary[], target: Target): Target {
  const of = ({ metrics }: ScenarioSummary): number => metrics[target.metric]?.ours?.median ?? -Infinity;
  const [worst] = [...summary].sort((a, b) => of(b) - of(a));
  return { ...target, scenario: worst!.name };
}
