import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { TRACE_STORES } from '../../src/workflow/arguments.js';
import { runTrace } from '../../src/workflow/run-trace.js';
import { speedFor } from '../../src/workflow/summary.js';
import { traceStore } from '../../src/workflow/trace-store.js';
import type { Trace } from '../../src/workflow/trace.js';
import { parseWfFormat } from '../../src/workflow/wf-format.js';
import { startRedis, type RedisServer } from '../support/redis-server.js';

const IDEAL_MS = 1500;
const CONCURRENCY = 16;

const folder = resolve('../shared/workflows');
const missing = existsSync(folder) ? null : `no folder ${folder}: recorded workflows are not run`;
if (missing !== null) console.warn(`SKIPPED: ${missing}`);

const TRACES: [name: string, tasks: number, edges: number][] = [
  ['sarek-dirt02-001', 26, 50],
  ['epigenomics-chameleon-hep-1seq-50k-001', 73, 88],
  ['montage-chameleon-2mass-01d-001', 103, 231],
  ['bwa-chameleon-small-004', 104, 400],
  ['soykb-chameleon-20fastq-10ch-001', 176, 374],
  ['1000genome-chameleon-22ch-100k-001', 572, 836],
  ['seismology-chameleon-1000p-001', 1001, 1000],
  ['bwa-chameleon-large-001', 1004, 4000],
  ['montage-chameleon-2mass-05d-001', 1738, 4698],
];

describe.each(TRACE_STORES)('recorded workflows on %s', (type) => {
  let redis: RedisServer | undefined;

  beforeAll(async () => {
    if (type === 'redis') redis = await startRedis();
  });
  afterAll(() => redis?.stop());

  (missing === null ? it : it.skip).each(TRACES)('%s runs whole and in order', async (name, tasks, edges) => {
    const trace = parseWfFormat(readFileSync(resolve(folder, `${name}.json`), 'utf8'), name);
    const speed = speedFor(trace, CONCURRENCY, IDEAL_MS);
    const ends: number[] = [];
    const pace = { speed, concurrency: CONCURRENCY };
    const summary = await runTrace(trace, pace, (ended) => ends.push(ended), traceStore(type, redis?.url));

    expect(summary).toMatchObject({
      tasks,
      edges,
      completed: tasks,
      orderViolations: 0,
      speed,
      concurrency: CONCURRENCY,
    });
    expect(summary.peakConcurrency).toBeLessThanOrEqual(CONCURRENCY);
    // Each task ran once.
    expect(ends).toEqual(Array.from({ length: tasks }, (_, index) => index + 1));
    expect(summary.idealMs / IDEAL_MS).toBeCloseTo(1, 1);
    // No run is shorter than its critical path. How near it comes to the ideal depends on the machine.
    expect(summary.makespanMs).toBeGreaterThanOrEqual(summary.criticalPathMs);
    expect(summary.workMs).toBeGreaterThanOrEqual(summary.criticalPathMs);
  });

  it('run tasks whose ids are no names for the scheduler, in order, and leave nothing', async () => {
    const task = (id: string, ...parents: string[]) => ({ id, name: id, runtimeSeconds: 0.02, parents });
    const trace: Trace = {
      name: 'any ids',
      tasks: [task('a b'), task('a/b'), task('a_b', 'a b', 'a/b'), task('', 'a_b')],
    };
    const store = traceStore(type, redis?.url);
    const summary = await runTrace(trace, { speed: 2, concurrency: 1 }, undefined, store);
    expect(summary).toMatchObject({
      tasks: 4,
      edges: 3,
      completed: 4,
      orderViolations: 0,
      peakConcurrency: 1,
      workMs: 40,
    });
    expect(summary.makespanMs).toBeGreaterThanOrEqual(40);
    const { store: place } = store.options;
    if (typeof place === 'object' && 'path' in place) expect(existsSync(place.path!)).toBe(false);
    if (redis !== undefined) expect(await redis.command('DBSIZE')).toBe(':0');
  });
});
