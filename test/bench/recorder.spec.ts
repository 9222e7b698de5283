import { describe, expect, it } from '@jest/globals';
import { FAMILY, upstreamsOf, type GraphSpec, type Range } from '../../bench/redis/graph.js';
import { jobOf, nodesOf, PAYLOAD } from '../../bench/redis/job.js';
import { Recorder } from '../../bench/redis/recorder.js';

const FORMS: [GraphSpec, edges: number][] = [
  [FAMILY, 10],
  [{ form: 'chain', nodes: 1000 }, 999],
  [{ form: 'fanIn', nodes: 1000 }, 999],
  [{ form: 'fanOut', nodes: 1000 }, 999],
  [{ form: 'layers', nodes: 1000, width: 10 }, 9900],
];

describe.each(FORMS)('graph %j', (spec, edges) => {
  const nodes = nodesOf(spec, 0);
  const run = (order: readonly (typeof nodes)[number][]) => {
    const recorder = new Recorder(false, () => undefined);
    for (const node of order) void recorder.handle(`${node.node}`, node, 1);
    return recorder.observed();
  };

  it('has its edges, each to a smaller number', () => {
    const ranges: Range[] = nodes.map((_, node) => upstreamsOf(spec, node) ?? [0, 0]);
    expect(ranges.reduce((sum, [from, to]) => sum + to - from, 0)).toBe(edges);
    expect(ranges.every(([from, to], node) => from <= to && to <= node)).toBe(true);
  });

  it('is in order as it is numbered, and each edge is missed the other way round', () => {
    expect(run(nodes).early).toBe(0);
    expect(run([...nodes].reverse()).early).toBe(edges);
  });
});

describe('recorder', () => {
  it('fails the attempts that are to fail', () => {
    const recorder = new Recorder(false, () => undefined);
    const job = jobOf({ failures: 2 }, 0, 1);
    for (const attempt of [1, 2]) expect(() => recorder.handle('a', job, attempt)).toThrow('is to fail');
    expect(recorder.handle('a', job, 3)).toBeUndefined();
    expect(recorder.observed()).toMatchObject({ ids: ['a'], repeats: 2 });
  });

  it('counts schedules for each tick, and a tick that fires twice', () => {
    const recorder = new Recorder(false, () => undefined);
    const fire = (id: string, schedule: number, tick: number) =>
      void recorder.handle(id, { ...PAYLOAD, schedule }, 1, tick);
    fire('a', 0, 1000);
    fire('b', 1, 1000);
    fire('c', 0, 2000);
    expect(recorder.observed()).toMatchObject({
      repeats: 0,
      fires: new Map([
        [1000, 2],
        [2000, 1],
      ]),
    });
    fire('d', 0, 2000);
    expect(recorder.observed().repeats).toBe(1);
  });

  it('commits only what started here', () => {
    const recorder = new Recorder(false, () => undefined);
    void recorder.handle('a', PAYLOAD, 1);
    recorder.ended('b');
    expect(recorder.committed).toBe(0);
    recorder.ended('a');
    expect(recorder.committed).toBe(1);
  });
});

it('jobs take levels, locks and due times in turn', () => {
  expect([0, 1, 2].map((i) => jobOf({ levels: 2 }, i, 3).level)).toEqual([0, 1, 0]);
  expect([0, 1, 2].map((i) => jobOf({ locks: 2 }, i, 3).lock)).toEqual([0, 1, 0]);
  expect([0, 1, 2, 3].map((i) => jobOf({ dueFrom: 5000 }, i, 4).due)).toEqual([5000, 5250, 5500, 5750]);
});
