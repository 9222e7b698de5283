import { describe, expect, it } from '@jest/globals';
import type { NewEdge, NewExecution, NewWorkflow } from '../../../core/commands.js';
import { TaskPriority } from '../../../core/priority.js';
import { compactWorkflow } from './compact-workflow.js';

const WORKFLOW: NewWorkflow = { workflowId: 'flow', name: 'flow', nodes: [] };
const member = (executionId: string, overrides: Partial<NewExecution> = {}): NewExecution => ({
  ...{ executionId, taskId: 'task', queue: 'default', priority: TaskPriority.NORMAL, payload: null },
  ...{ scheduledTime: null, delay: null, lock: null, timeout: null, edges: null, tags: null, idempotency: null },
  workflow: { workflowId: 'flow', ref: executionId },
  ...overrides,
});
const edge = (executionId: string, overrides: Partial<NewEdge> = {}): NewEdge => ({
  ...{ taskId: 'task', ref: executionId, type: 'success', timeout: null, maxAge: null, reuse: false },
  bind: { executionId },
  ...overrides,
});
const after = (...edges: NewEdge[]): NewExecution[] => [member('a'), member('b'), member('c', { edges })];

describe('compactWorkflow', () => {
  it('stores the edges between its members in their records', () => {
    const compact = compactWorkflow(WORKFLOW, after(edge('a', { ref: 'first' }), edge('b', { type: 'failure' })));
    expect(compact!.recordBodies.map((part) => part.split('|')[0])).toEqual([
      'f;c=1=s',
      'f;c=2=f',
      'fa=s=first,b=f=b;',
    ]);
    expect(compact!.recordBodies[2]).toBe('fa=s=first,b=f=b;|task|default|2||flow|c|');
    expect(compact!.edgeCounts).toEqual([0, 0, 2]);
  });

  it.each<[string, NewExecution[]]>([
    ['an edge that leads outside', after(edge('elsewhere'))],
    ['an edge to the newest of a task', after(edge('a', { bind: 'newest' }))],
    ['an edge with a deadline', after(edge('a', { timeout: 1_000 }))],
    ['an edge with a maximal age', after(edge('a', { maxAge: 1_000 }))],
    ['a ref of other characters', after(edge('a', { ref: 'one, two' }))],
    ['an id of other characters', [member('a;b')]],
    ['an id that comes twice', [member('a'), member('a')]],
    ['a lock', [member('a', { lock: { key: 'k', timeout: 1_000, maxWait: null } })]],
    ['a timeout', [member('a', { timeout: 1_000 })]],
    ['a delay of nothing', [member('a', { delay: 0 })]],
    ['a time', [member('a', { scheduledTime: 1 })]],
    ['tags', [member('a', { tags: ['t'] })]],
    ['an idempotency key', [member('a', { idempotency: { key: 'k', fingerprint: 'f' } })]],
    ['more than 64 dependents of one', [member('a'), ...many(65, { edges: [edge('a')] })]],
    ['more than 1,000 members', many(1001)],
    ['more than 4,000 edges', layers(11, 21)],
  ])('is not possible for %s', (_, members) => {
    expect(compactWorkflow(WORKFLOW, members)).toBeNull();
  });

  it('is possible up to the maximum numbers of members and edges', () => {
    expect(compactWorkflow(WORKFLOW, many(1000))).not.toBeNull();
    expect(compactWorkflow(WORKFLOW, [member('a'), ...many(64, { edges: [edge('a')] })])).not.toBeNull();
    expect(compactWorkflow(WORKFLOW, joined(999))?.edgeCounts.at(-1)).toBe(999);
    expect(compactWorkflow(WORKFLOW, layers(11, 20))).not.toBeNull();
  });
});

function many(count: number, overrides: Partial<NewExecution> = {}): NewExecution[] {
  return Array.from({ length: count }, (_, i) => member(`m${i}`, overrides));
}

/** So many, and one that waits for all. */
function joined(count: number): NewExecution[] {
  return [...many(count), member('z', { edges: many(count).map((each) => edge(each.executionId)) })];
}

/** Each member waits for the whole layer before. */
function layers(count: number, width: number): NewExecution[] {
  return Array.from({ length: count * width }, (_, i) => {
    const before = Math.floor(i / width) * width - width;
    const edges = Array.from({ length: width }, (_, k) => edge(`m${before + k}`));
    return member(`m${i}`, before < 0 ? {} : { edges });
  });
}
