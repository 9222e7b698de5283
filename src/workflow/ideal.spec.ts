import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { criticalPathSeconds, idealSeconds, workSeconds } from './ideal.js';
import { countEdges, type TraceTask } from './trace.js';
import { parseWfFormat } from './wf-format.js';

const task = (id: string, runtimeSeconds: number, ...parents: string[]): TraceTask => ({
  id,
  name: id,
  runtimeSeconds,
  parents,
});

/** The same rule played second by second: slow, and plain enough to be right. */
function playSecondBySecond(tasks: readonly TraceTask[], concurrency: number): number {
  const left = new Map(tasks.map((one) => [one.id, one.runtimeSeconds]));
  const queued = new Set<string>();
  const queue: TraceTask[] = [];
  let running: TraceTask[] = [];
  const ended = new Set<string>();
  for (let second = 0; ; second++) {
    // Tasks of no length start and end within the second: repeat until nothing moves.
    for (let moved = true; moved;) {
      moved = false;
      for (const one of running.filter(({ id }) => left.get(id) === 0)) {
        ended.add(one.id);
        moved = true;
      }
      running = running.filter(({ id }) => !ended.has(id));
      for (const one of tasks) {
        if (queued.has(one.id) || !one.parents.every((parent) => ended.has(parent))) continue;
        queued.add(one.id);
        queue.push(one);
      }
      while (running.length < concurrency && queue.length > 0) {
        running.push(queue.shift()!);
        moved = true;
      }
    }
    if (ended.size === tasks.length) return second;
    for (const { id } of running) left.set(id, left.get(id)! - 1);
  }
}

describe('idealSeconds, by hand', () => {
  it('one slot runs all tasks in turn; enough slots take the critical path', () => {
    const tasks = [task('a', 3), task('b', 2, 'a'), task('c', 4, 'a'), task('d', 1, 'b', 'c'), task('e', 5)];
    expect(workSeconds(tasks)).toBe(15);
    expect(criticalPathSeconds(tasks)).toBe(8);
    expect(idealSeconds(tasks, 1)).toBe(15);
    expect(idealSeconds(tasks, 5)).toBe(8);
  });

  it('two slots: the queue decides, not the length of the chain behind a task', () => {
    // 0-2 a, 0-2 b; 2-4 c, 2-4 d (file order); 4-5 e: the chain a, e waits for c and d, that were ready first.
    const tasks = [task('a', 2), task('b', 2), task('c', 2), task('d', 2), task('e', 1, 'a')];
    expect(idealSeconds(tasks, 2)).toBe(5);
  });

  it('tasks that become ready at the same instant run in file order', () => {
    // At 1 both end. In file order y (1) and z (1) run first, then x (4): 1 + 1 + 4; were x first: 1 + 4.
    const tasks = [task('p', 1), task('q', 1), task('y', 1, 'q'), task('z', 1, 'q'), task('x', 4, 'p')];
    expect(idealSeconds(tasks, 2)).toBe(6);
  });

  it('a task that became ready earlier runs first, whatever its position in the file', () => {
    // At 1 p ends and `late` (3) becomes ready; at 2 q ends and `early` (9) does. r holds its slot until 3.
    const tasks = [task('q', 2), task('p', 1), task('early', 9, 'q'), task('late', 3, 'p'), task('hold', 2, 'p')];
    // Slots: q 0-2, p 0-1, late 1-4, hold 2-4 (ready at 1), early 4-13.
    expect(idealSeconds(tasks, 2)).toBe(13);
  });

  it('a task of zero length takes no time, and its children start at the same instant', () => {
    const tasks = [task('a', 2), task('none', 0, 'a'), task('b', 3, 'none'), task('c', 3, 'none')];
    expect(idealSeconds(tasks, 1)).toBe(8);
    expect(idealSeconds(tasks, 2)).toBe(5);
    expect(idealSeconds([task('none', 0)], 3)).toBe(0);
  });

  it('parents may follow their children in the file', () => {
    const tasks = [task('c', 1, 'b'), task('b', 2, 'a'), task('a', 4)];
    expect(criticalPathSeconds(tasks)).toBe(7);
    expect(idealSeconds(tasks, 4)).toBe(7);
  });
});

describe('idealSeconds, any graph', () => {
  // Edges run from a lower rank to a higher one; the file order is shuffled against the ranks.
  const graph = fc.integer({ min: 1, max: 9 }).chain((count) =>
    fc
      .record({
        lengths: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: count, maxLength: count }),
        edges: fc.array(fc.boolean(), { minLength: count * count, maxLength: count * count }),
        file: fc.shuffledSubarray([...Array(count).keys()], { minLength: count, maxLength: count }),
      })
      .map(({ lengths, edges, file }) =>
        file.map((rank) => {
          const parents = [...Array(rank).keys()]
            .filter((below) => edges[rank * count + below])
            .map((below) => `t${below}`);
          return task(`t${rank}`, lengths[rank]!, ...parents);
        }),
      ),
  );

  it('equals the rule applied second by second', () => {
    fc.assert(
      fc.property(graph, fc.integer({ min: 1, max: 5 }), (tasks, concurrency) => {
        expect(idealSeconds(tasks, concurrency)).toBe(playSecondBySecond(tasks, concurrency));
      }),
      { numRuns: 500 },
    );
  });

  it('is between the lower bounds and the bound of every greedy schedule', () => {
    fc.assert(
      fc.property(graph, fc.integer({ min: 1, max: 5 }), (tasks, concurrency) => {
        const path = criticalPathSeconds(tasks);
        const work = workSeconds(tasks);
        const ideal = idealSeconds(tasks, concurrency);
        expect(ideal).toBeGreaterThanOrEqual(Math.max(path, work / concurrency));
        expect(ideal).toBeLessThanOrEqual(work / concurrency + path * (1 - 1 / concurrency) + 1e-9);
        expect(idealSeconds(tasks, 1)).toBe(work);
        expect(idealSeconds(tasks, tasks.length)).toBe(path);
      }),
    );
  });
});

const folder = resolve('../shared/workflows');
const missing = existsSync(folder) ? null : `no folder ${folder}: the recorded workflows are not checked`;
if (missing !== null) console.warn(`SKIPPED: ${missing}`);

(missing === null ? describe : describe.skip)(
  `recorded workflows, 16 at once${missing === null ? '' : ` (${missing})`}`,
  () => {
    it.each([
      ['1000genome-chameleon-22ch-100k-001', 572, 836, 2500],
      ['bwa-chameleon-large-001', 1004, 4000, 2366],
      ['bwa-chameleon-small-004', 104, 400, 104],
      ['epigenomics-chameleon-hep-1seq-50k-001', 73, 88, 128],
      ['montage-chameleon-2mass-01d-001', 103, 231, 37],
      ['montage-chameleon-2mass-05d-001', 1738, 4698, 574],
      ['sarek-dirt02-001', 26, 50, 310],
      ['seismology-chameleon-1000p-001', 1001, 1000, 36],
      ['soykb-chameleon-20fastq-10ch-001', 176, 374, 6273],
    ])('%s', (name, count, edges, reference) => {
      const { tasks } = parseWfFormat(readFileSync(resolve(folder, `${name}.json`), 'utf8'), name);
      expect(tasks).toHaveLength(count);
      expect(countEdges(tasks)).toBe(edges);
      expect(Math.round(idealSeconds(tasks, 16))).toBe(reference);
      expect(criticalPathSeconds(tasks)).toBeLessThanOrEqual(idealSeconds(tasks, 16));
    });
  },
);
