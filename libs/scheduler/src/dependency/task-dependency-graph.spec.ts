import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  CircularDependencyError,
  DuplicateDependencyError,
  InvalidNameError,
  InvalidOptionError,
  SelfDependencyError,
} from '../core/errors.js';
import { TaskDependencyGraph } from './task-dependency-graph.js';

let graph: TaskDependencyGraph;
beforeEach(() => {
  graph = new TaskDependencyGraph();
});

const add = (edges: Record<string, string[]>) => {
  for (const [taskId, dependencies] of Object.entries(edges)) graph.addTask(taskId, dependencies);
};
const thrownBy = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};
const CHAIN = 10_000;
const chain = () => {
  for (let i = 0; i < CHAIN; i++) graph.addTask(`t${i}`, i + 1 < CHAIN ? [`t${i + 1}`] : []);
};

describe('edges', () => {
  it('are stored in both directions', () => {
    add({ fetch: [], process: ['fetch'], report: ['process', 'fetch'] });
    expect(graph.getDependencies('report')).toEqual(['process', 'fetch']);
    expect(graph.getDependents('fetch')).toEqual(['process', 'report']);
    expect([graph.size, graph.has('fetch'), graph.has('none')]).toEqual([3, true, false]);
    expect([graph.getDependencies('none'), graph.getDependents('none')]).toEqual([[], []]);
  });

  it('accept the form of definitions, and lead to tasks added later', () => {
    graph.addTask('b', [{ taskId: 'a' }]);
    expect(graph.has('a')).toBe(false);
    expect(graph.getDependents('a')).toEqual(['b']);
    expect(graph.topologicalSort()).toEqual(['b']);
    graph.addTask('a');
    expect(graph.topologicalSort()).toEqual(['a', 'b']);
  });

  it('are copies', () => {
    add({ a: [], b: ['a'] });
    graph.getDependencies('b').push('x');
    graph.getDependents('a').push('x');
    expect([graph.getDependencies('b'), graph.getDependents('a')]).toEqual([['a'], ['b']]);
  });

  it('change when a task is added again', () => {
    add({ a: [], b: ['a'], c: [] });
    graph.addTask('b', ['c']);
    expect([graph.getDependents('a'), graph.getDependents('c'), graph.size]).toEqual([[], ['b'], 3]);
  });

  it('are removed with their task, those of others are kept', () => {
    add({ a: [], b: ['a'], c: ['b'] });
    expect([graph.removeTask('b'), graph.removeTask('b')]).toEqual([true, false]);
    expect([graph.getDependents('a'), graph.getDependencies('c'), graph.size]).toEqual([[], ['b'], 2]);
    graph.clear();
    expect([graph.size, graph.getDependents('b')]).toEqual([0, []]);
  });

  it.each([
    ['a b', [], InvalidNameError],
    ['a', ['x', ''], InvalidNameError],
    ['a', ['x', null as never], InvalidNameError],
    ['a', ['x', { taskId: 5 } as never], InvalidNameError],
    ['a', ['x', 'y', 'x'], DuplicateDependencyError],
    ['a', ['x', { taskId: 'x' }], DuplicateDependencyError],
    ['a', 'x' as never, InvalidOptionError],
  ])('leave nothing when %p with %j is refused', (taskId, dependencies, expected) => {
    add({ a: ['old'] });
    expect(() => graph.addTask(taskId, dependencies)).toThrow(expected);
    expect([graph.size, graph.getDependencies('a'), graph.getDependents('x')]).toEqual([1, ['old'], []]);
  });
});

describe('cycles', () => {
  it('are found, with their tasks in dependency direction', () => {
    add({ x: ['a'], a: ['b'], b: ['c', 'd'], d: [] });
    expect([graph.hasCycle(), graph.findCycle()]).toEqual([false, null]);
    graph.addTask('c', ['a']);
    expect(graph.hasCycle()).toBe(true);
    expect(graph.findCycle()).toEqual(['a', 'b', 'c', 'a']);
    const error = thrownBy(() => graph.topologicalSort());
    expect(error).toBeInstanceOf(CircularDependencyError);
    expect(error).toMatchObject({ code: 'CIRCULAR_DEPENDENCY', path: ['a', 'b', 'c', 'a'] });
    graph.removeTask('c');
    expect(graph.hasCycle()).toBe(false);
  });

  it('can consist of one task', () => {
    graph.addTask('a', ['a']);
    expect(graph.findCycle()).toEqual(['a', 'a']);
  });

  it('are not found in a diamond', () => {
    add({ top: [], left: ['top'], right: ['top'], bottom: ['left', 'right'] });
    expect(graph.hasCycle()).toBe(false);
  });
});

describe('assertAcyclic', () => {
  it('reports the shortest cycle that the task would close, from the task on, and changes nothing', () => {
    add({ b: ['long', 'c'], long: ['longer'], longer: ['c'], c: ['a'] });
    const error = thrownBy(() => graph.assertAcyclic('a', ['b']));
    expect(error).toBeInstanceOf(CircularDependencyError);
    expect(error).toMatchObject({ path: ['a', 'b', 'c', 'a'], message: 'circular dependency: a -> b -> c -> a' });
    expect([graph.has('a'), graph.getDependents('b')]).toEqual([false, []]);
  });

  it('uses the new dependencies in place of the old', () => {
    add({ a: ['b'], b: [] });
    expect(() => graph.assertAcyclic('b', ['a'])).toThrow(CircularDependencyError);
    expect(() => graph.assertAcyclic('a', ['c'])).not.toThrow();
    graph.addTask('c', ['a']);
    expect(() => graph.assertAcyclic('a', ['c'])).toThrow('circular dependency: a -> c -> a');
  });

  it('finds a dependency on itself, and refuses an invalid edge', () => {
    expect(thrownBy(() => graph.assertAcyclic('a', ['b', 'a']))).toBeInstanceOf(SelfDependencyError);
    expect(() => graph.assertAcyclic('a', ['b', 'b'])).toThrow(DuplicateDependencyError);
    expect(() => graph.assertAcyclic('a b', [])).toThrow(InvalidNameError);
  });
});

describe('topologicalSort', () => {
  it('keeps the order of adding if that is valid', () => {
    add({ c: [], a: [], d: ['a'], b: [], e: ['c', 'b'] });
    expect(graph.topologicalSort()).toEqual(['c', 'a', 'd', 'b', 'e']);
  });

  it('moves a task only behind its dependencies', () => {
    add({ report: ['process'], other: [], process: ['fetch'], last: [], fetch: [] });
    expect(graph.topologicalSort()).toEqual(['fetch', 'process', 'report', 'other', 'last']);
  });
});

describe('in any graph', () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const graphs = fc.uniqueArray(
    fc.tuple(fc.constantFrom(...ids), fc.uniqueArray(fc.constantFrom(...ids), { maxLength: 3 })),
    { selector: ([id]) => id },
  );

  it('a reported cycle is one, and otherwise the sort respects every edge', () => {
    fc.assert(
      fc.property(graphs, (tasks) => {
        graph = new TaskDependencyGraph();
        for (const [taskId, dependencies] of tasks) graph.addTask(taskId, dependencies);
        const cycle = graph.findCycle();
        if (cycle) {
          expect(cycle[0]).toBe(cycle.at(-1));
          expect(new Set(cycle).size).toBe(cycle.length - 1);
          for (let i = 1; i < cycle.length; i++) expect(graph.getDependencies(cycle[i - 1]!)).toContain(cycle[i]);
          return;
        }
        const order = graph.topologicalSort();
        expect([...order].sort()).toEqual(tasks.map(([id]) => id).sort());
        for (const [id, dependencies] of tasks) {
          for (const dependency of dependencies.filter((d) => graph.has(d))) {
            expect(order.indexOf(dependency)).toBeLessThan(order.indexOf(id));
          }
        }
      }),
    );
  });

  it('assertAcyclic before each addTask prevents cycles, and refuses nothing else', () => {
    fc.assert(
      fc.property(graphs, (tasks) => {
        graph = new TaskDependencyGraph();
        for (const [taskId, dependencies] of tasks) {
          const trial = new TaskDependencyGraph();
          for (const id of graph.topologicalSort()) trial.addTask(id, graph.getDependencies(id));
          trial.addTask(taskId, dependencies);
          const act = () => graph.assertAcyclic(taskId, dependencies);
          if (trial.hasCycle()) expect(act).toThrow(CircularDependencyError);
          else {
            expect(act).not.toThrow();
            graph.addTask(taskId, dependencies);
          }
        }
        expect(graph.hasCycle()).toBe(false);
      }),
    );
  });
});

describe('large graphs', () => {
  it(`a chain of ${CHAIN} is sorted without recursion, and closing it is refused`, () => {
    chain();
    const order = graph.topologicalSort();
    expect([order.length, order[0], order.at(-1)]).toEqual([CHAIN, `t${CHAIN - 1}`, 't0']);
    const error = thrownBy(() => graph.assertAcyclic(`t${CHAIN - 1}`, ['t0']));
    expect((error as CircularDependencyError).path).toHaveLength(CHAIN + 1);
    graph.addTask(`t${CHAIN - 1}`, ['t0']);
    expect(graph.findCycle()).toHaveLength(CHAIN + 1);
  });

  it('takes time linear in the edges, not in the paths', () => {
    // 100 layers of 20 tasks, each on all of the layer before: 40,000 edges, 20^100 paths.
    const layer = (n: number) => Array.from({ length: 20 }, (_, i) => `l${n}.${i}`);
    for (let n = 0; n < 100; n++) for (const id of layer(n)) graph.addTask(id, n > 0 ? layer(n - 1) : []);
    expect(graph.hasCycle()).toBe(false);
    expect(() => graph.assertAcyclic('new', layer(99))).not.toThrow();
    expect(graph.topologicalSort()).toHaveLength(2000);
  });
});
