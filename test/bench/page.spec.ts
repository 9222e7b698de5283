import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { check, resolveConfig } from 'prettier';
import { figuresOf, withFigures } from '../../bench/redis/page.js';
import { SCENARIOS } from '../../bench/redis/scenarios.js';
import { addSample, judge, summarize, type Samples } from '../../bench/redis/summary.js';

const PAGE = 'docs/benchmarks.md';

function reportOf(samples: Samples) {
  const summary = summarize(
    SCENARIOS.filter(({ name }) => samples.has(name)),
    samples,
  );
  const fixed = { heading: 'Redis 7.0.15', date: '2026-11-30', limits: [], doubts: [] };
  return { ...fixed, summary, targets: judge(summary) };
}

const samples: Samples = new Map();
addSample(samples, 'process-100', 'ours', 1, { perSecond: 120_000, redisUs: 4, longestMs: 2.5 });
addSample(samples, 'process-100', 'bullmq', 1, { perSecond: 20_000, redisUs: 40, longestMs: 1 });
addSample(samples, 'chain', 'ours', 1, {
  ...{ addPerSecond: 9_000, addRedisUs: 12, processPerSecond: 4_000, processRedisUs: 80 },
  longestMs: 31,
});
addSample(samples, 'boot', 'ours', 1, { loadedMs: 800, readyMs: 900, firstMs: 910, longestMs: 1 });

describe('figures of a document', () => {
  const figures = figuresOf(reportOf(samples));
  const rows = figures.split('\n').map((line) => line.split(/ *\| */).slice(1, -1));

  it('replace those between the markers, and leave the prose', () => {
    const page = readFileSync(PAGE, 'utf8');
    const written = withFigures(page, figures);
    expect(written).toContain(figures);
    const outside = (text: string) => text.replace(/<!-- figures of redis[^]*end of figures of redis -->/, '');
    expect(outside(written)).toBe(outside(page));
    expect(withFigures(written, figures)).toBe(written);
  });

  it('are refused by a document without the markers', () => {
    expect(() => withFigures('# Prose', figures)).toThrow('no place for figures');
  });

  it('are as the formatter writes them', async () => {
    const options = { ...(await resolveConfig(PAGE)), filepath: PAGE };
    expect(await check(withFigures(readFileSync(PAGE, 'utf8'), figures), options)).toBe(true);
  });

  it('have both sides and their ratio', () => {
    expect(rows).toContainEqual([
      'process, concurrency 100',
      '120,000',
      '20,000',
      '6.00',
      '4.0',
      '40.0',
      '0.10',
      '2.5',
      '1.0',
    ]);
  });

  it('have a row for each phase, and one for each figure of a scenario without a rate', () => {
    expect(rows.map(([title]) => title)).toEqual(
      expect.arrayContaining([
        'a chain of 1,000, added',
        'a chain of 1,000, processed',
        'start of a process in a Nest app: start of process to first job done, ms',
      ]),
    );
  });

  it('say which targets are met', () => {
    const verdicts = rows.filter(([title]) => title?.startsWith('process, concurrency 100: ')).map((row) => row.at(-1));
    // Rate at least 8 times, Redis CPU at most a tenth and at most 7.5 µs.
    expect(verdicts).toEqual(['NOT MET', 'met', 'met']);
  });
});
