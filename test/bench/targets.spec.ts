import { describe, expect, it } from '@jest/globals';
import { METRICS } from '../../bench/redis/metrics.js';
import { SCENARIOS, scenariosNamed } from '../../bench/redis/scenarios.js';
import { addSample, judge, summarize, type Samples } from '../../bench/redis/summary.js';
import { ANY, TARGETS } from '../../bench/redis/targets.js';

const names = SCENARIOS.map(({ name }) => name);

it('scenarios have names of their own', () => {
  expect(new Set(names).size).toBe(names.length);
});

it('every target is about a scenario and a metric that exist', () => {
  const unknown = TARGETS.filter(
    ({ scenario, since = ANY, metric }) =>
      ![...names, ANY].includes(scenario) || ![...names, ANY].includes(since) || !(metric in METRICS),
  );
  expect(unknown).toEqual([]);
});

it('a ratio is asked for only where both sides are measured', () => {
  const single = SCENARIOS.filter(({ sides }) => sides?.length === 1).map(({ name }) => name);
  expect(TARGETS.filter(({ of, scenario }) => of === 'ratio' && single.includes(scenario))).toEqual([]);
});

it('scenarios are chosen by name, and an unknown name lists all', () => {
  const named = (only: string[], except: string[]) => scenariosNamed({ only, except }).map(({ name }) => name);
  expect(named([], [])).toEqual(names);
  expect(named(['chain', 'cancel'], ['chain'])).toEqual(['cancel']);
  expect(named([], ['depth-1m'])).toEqual(names.filter((name) => name !== 'depth-1m'));
  expect(() => named([], ['nothing'])).toThrow('locks-1000');
});

describe('judge', () => {
  const judged = (...figures: [scenario: string, side: 'ours' | 'bullmq', metric: string, value: number][]) => {
    const samples: Samples = new Map();
    for (const [scenario, side, metric, value] of figures) addSample(samples, scenario, side, 1, { [metric]: value });
    const found = judge(
      summarize(
        SCENARIOS.filter(({ name }) => samples.has(name)),
        samples,
      ),
    );
    return found.map(({ scenario, value, met }) => ({ scenario, value, met }));
  };

  it('compares ours to that of BullMQ', () => {
    expect(judged(['retries', 'ours', 'redisUs', 90], ['retries', 'bullmq', 'redisUs', 100])).toEqual([
      { scenario: 'retries', value: 0.9, met: false },
    ]);
  });

  it('looks at ours alone', () => {
    expect(judged(['locks-1000', 'ours', 'redisUs', 89])).toEqual([{ scenario: 'locks-1000', value: 89, met: true }]);
  });

  it('takes the worst scenario where any may be it', () => {
    const figures = judged(
      ['find', 'ours', 'longestMs', 2],
      ['layers', 'ours', 'longestMs', 11],
      ['boot', 'ours', 'longestMs', 1],
    );
    expect(figures).toEqual([{ scenario: 'layers', value: 11, met: false }]);
  });

  it('says nothing of what was not measured', () => {
    expect(judged(['retries', 'ours', 'redisUs', 90])).toEqual([]);
  });
});
