import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { runTrace } from '../../src/workflow/run-trace.js';
import { speedFor } from '../../src/workflow/summary.js';
import type { Trace } from '../../src/workflow/trace.js';
import { parseWfFormat } from '../../src/workflow/wf-format.js';

const IDEAL_MS = 1500;
const CONCURRENCY = 16;

const folder = resolve('../shared/workflows');
const missing = existsSync(folder) ? null : `no folder ${folder}: recorded workflows are not run`;
if (missing !== null) console.warn(`SKIPPED: ${missing}`);

(missing === null ? describe : describe.skip)(`recorded workflows${missing === null ? '' : ` (${missing})`}`, () => {
  it.each([
    ['sarek-dirt02-001', 26, 50],
    ['bwa-chameleon-small-004', 104, 400],
    ['montage-chameleon-2mass-01d-001', 103, 231],
  ])('%s runs whole and in order', async (name, tasks, edges) => {
    const trace = parseWfFormat(readFileSync(resolve(folder, `${name}.json`), 'utf8'), name);
    const speed = speedFor(trace, CONCURRENCY, IDEAL_MS);
    const heard: number[] = [];
    const summary = await runTrace(trace, { speed, concurrency: CONCURRENCY }, (ended) => heard.push(ended));

    expect(summary).toMatchObject({
      tasks,
      edges,
      completed: tasks,
      orderViolations: 0,
      speed,
      concurrency: CONCURRENCY,
    });
    expect(summary.peakConcurrency).toBeLessThanOrEqual(CONCURRENCY);
    expect(heard).toEqual(Array.from({ length: tasks }, (_, index) => index + 1));
    expect(summary.idealMs / IDEAL_MS).toBeCloseTo(1, 1);
    // No run beats its critical path; how near it comes to the ideal depends on the machine, and is not tested here.
    expect(summary.makespanMs).toBeGreaterThanOrEqual(summary.criticalPathMs);
    expect(summary.workMs).toBeGreaterThanOrEqual(summary.criticalPathMs);
  });
});

describe('a workflow of any ids', () => {
  it('runs tasks whose ids are no names for the scheduler, in order', async () => {
    const task = (id: string, ...parents: string[]) => ({ id, name: id, runtimeSeconds: 0.02, parents });
    const trace: Trace = {
      name: 'any ids',
      tasks: [task('a b'), task('a/b'), task('a_b', 'a b', 'a/b'), task('', 'a_b')],
    };
    const summary = await runTrace(trace, { speed: 2, concurrency: 1 });
    expect(summary).toMatchObject({
      tasks: 4,
      edges: 3,
      completed: 4,
      orderViolations: 0,
      peakConcurrency: 1,
      workMs: 40,
    });
    expect(summary.makespanMs).toBeGreaterThanOrEqual(40);
  });
});
