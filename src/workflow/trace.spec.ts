import { describe, expect, it } from '@jest/globals';
import { childrenOf, countEdges, findCycle, topologicalOrder, type TraceTask } from './trace.js';

const task = (id: string, ...parents: string[]): TraceTask => ({ id, name: id, runtimeSeconds: 1, parents });

describe('trace graph', () => {
  const diamond = [task('end', 'left', 'right'), task('left', 'start'), task('right', 'start'), task('start')];

  it('counts edges and lists children by their position in the file', () => {
    expect(countEdges(diamond)).toBe(4);
    expect(childrenOf(diamond)).toEqual([[], [0], [0], [1, 2]]);
  });

  it('orders parents before children, whatever their position in the file', () => {
    expect(topologicalOrder(diamond)).toEqual([3, 1, 2, 0]);
    expect(findCycle(diamond)).toBeNull();
  });

  it('lists the tasks of a cycle in the direction of the edges, without those that merely follow it', () => {
    const tasks = [task('before'), task('after', 'c'), task('a', 'before', 'c'), task('b', 'a'), task('c', 'b')];
    const cycle = findCycle(tasks)!;
    expect(cycle[0]).toBe(cycle.at(-1));
    expect([...cycle.slice(1)].sort()).toEqual(['a', 'b', 'c']);
    for (const [index, id] of cycle.slice(1).entries()) {
      expect(tasks.find((one) => one.id === id)!.parents).toContain(cycle[index]);
    }
  });

  it('finds a task that depends on itself', () => {
    expect(findCycle([task('a', 'a')])).toEqual(['a', 'a']);
  });
});
