import { describe, expect, it, jest } from '@jest/globals';
import { checkTaskDefinition } from '../core/check-definition.js';
import {
  CircularDependencyError,
  DuplicateDependencyError,
  DuplicateNodeError,
  InvalidDurationError,
  InvalidNameError,
  InvalidOptionError,
  InvalidPriorityError,
  SelfDependencyError,
  TaskNotRegisteredError,
  UnknownDependencyError,
  WorkflowTooLargeError,
} from '../core/errors.js';
import { MAX_WORKFLOW_EDGES, MAX_WORKFLOW_NODES } from '../core/limits.js';
import { planWorkflow, type WorkflowRequest, type WorkflowTask } from './workflow-plan.js';

const define = (taskId: string, rest: object = {}) =>
  checkTaskDefinition({ taskId, funcPath: `app.${taskId}`, ...rest });
/** fetch <- process (success) <- report; audit and other have no edges. */
const TASKS = new Map(
  [
    define('fetch', { payload: { source: 'db', rows: 10 }, priority: 'HIGH', tags: ['etl'] }),
    define('process', {
      dependencies: [{ taskId: 'fetch', type: 'success', timeout: '1h', maxAge: '1d', reuse: true }],
    }),
    define('report', { dependencies: [{ taskId: 'process' }] }),
    define('audit'),
    define('other'),
    define('orphan', { dependencies: [{ taskId: 'nobody' }] }),
  ].map((task) => [task.taskId, task]),
);
const plan = (tasks: unknown[], rest: object = {}, warn?: (message: string) => void) =>
  planWorkflow({ tasks, ...rest } as WorkflowRequest, (taskId) => TASKS.get(taskId), warn);
/** Each node's edges, as `key=node` or `key=task!` for one that leads outside. */
const edges = (tasks: unknown[]) =>
  Object.fromEntries(
    plan(tasks).map(({ ref, edges }) => [
      ref,
      edges.map(({ ref: key, to }) => ('node' in to ? `${key}=${to.node}` : `${key}=${to.task}!`)),
    ]),
  );
const message = (tasks: unknown[]): string => {
  try {
    plan(tasks);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was accepted');
};

describe('nodes', () => {
  it('are in the given order, with the values of their definition', () => {
    const [report, fetch] = plan([{ taskId: 'report' }, { taskId: 'fetch' }]);
    expect(report).toMatchObject({ ref: 'report', taskId: 'report', priority: 2, tags: [], payload: undefined });
    expect(fetch).toEqual({
      ref: 'fetch',
      taskId: 'fetch',
      task: TASKS.get('fetch'),
      payload: { source: 'db', rows: 10 },
      priority: 1,
      tags: ['etl'],
      edges: [],
    });
  });

  it('can override values of their definition', () => {
    const [node] = plan([{ taskId: 'fetch', ref: 'eu', payload: { rows: 20 }, priority: 'LOW', tags: ['eu', 'etl'] }], {
      name: 'nightly load',
    });
    expect(node).toMatchObject({ ref: 'eu', payload: { source: 'db', rows: 20 }, priority: 3, tags: ['etl', 'eu'] });
  });

  it.each([
    ['no task of that id', [{ taskId: 'nobody' }], TaskNotRegisteredError],
    ['an id that is none', [{ taskId: 'a b' }], InvalidNameError],
    ['no id', [{}], InvalidNameError],
    ['a ref that is none', [{ taskId: 'fetch', ref: '' }], InvalidNameError],
    ['the same task twice without a ref', [{ taskId: 'fetch' }, { taskId: 'fetch' }], DuplicateNodeError],
    [
      'the same ref twice',
      [
        { taskId: 'fetch', ref: 'x' },
        { taskId: 'audit', ref: 'x' },
      ],
      DuplicateNodeError,
    ],
    ['a priority that is none', [{ taskId: 'fetch', priority: 9 }], InvalidPriorityError],
    ['tags that are none', [{ taskId: 'fetch', tags: 'x' }], InvalidOptionError],
    ['a field that is none', [{ taskId: 'fetch', depends: [] }], InvalidOptionError],
    ['dependencies that are no array', [{ taskId: 'fetch', dependencies: 'audit' }], InvalidOptionError],
    ['null', [null], InvalidOptionError],
    ['a hole', new Array<unknown>(1), InvalidOptionError],
    ['too many nodes', Array.from({ length: MAX_WORKFLOW_NODES + 1 }, () => ({})), WorkflowTooLargeError],
  ])('are refused with %s', (_why, tasks, expected) => {
    expect(() => plan(tasks)).toThrow(expected);
  });

  it('are refused with the wrong field', () => {
    expect(message([{ taskId: 'audit' }, { taskId: 'fetch', priority: 9 }])).toMatch(/^tasks\[1\]\.priority: 9/);
    expect(message([{ taskId: 'fetch', depends: [] }])).toMatch(
      /^tasks\[0\]\.depends: an array is not allowed; allowed: only/,
    );
    expect(message([{ taskId: 'fetch', dependencies: [{ taskId: 'audit', type: 'x' }] }])).toMatch(
      /^tasks\[0\]\.dependencies\[0\]\.type: "x" is not allowed; allowed: completion, success, failure, always/,
    );
  });

  it.each([
    null,
    [],
    'x',
    { tasks: {} },
    { tasks: [{ taskId: 'fetch' }], label: 'x' },
    { name: '', tasks: [{ taskId: 'fetch' }] },
  ])('are refused in the workflow %j', (request) =>
    expect(() => planWorkflow(request as never, () => undefined)).toThrow(InvalidOptionError),
  );
});

describe('edges of the definition', () => {
  it('bind to the node of the same run, whatever its ref, with all their options', () => {
    const nodes = plan([{ taskId: 'process' }, { taskId: 'fetch', ref: 'eu' }]);
    expect(nodes[0]!.edges).toEqual([
      { ref: 'eu', to: { node: 'eu' }, type: 'success', timeout: 3_600_000, maxAge: 86_400_000, reuse: true },
    ]);
  });

  it('bind outside of the run if it does not have the task', () => {
    expect(edges([{ taskId: 'process' }])).toEqual({ process: ['fetch=fetch!'] });
    expect(edges([{ taskId: 'process' }, { taskId: 'audit', ref: 'fetch' }])).toMatchObject({
      process: ['fetch=fetch!'],
    });
  });

  it('can lead to a task outside with the same name as the node', () => {
    expect(edges([{ taskId: 'process', ref: 'fetch' }])).toEqual({ fetch: ['fetch=fetch!'] });
  });

  it('require a ref if the task occurs twice, even if one node has its name', () => {
    const tasks = [{ taskId: 'fetch' }, { taskId: 'fetch', ref: 'us' }, { taskId: 'process' }];
    expect(() => plan(tasks)).toThrow(UnknownDependencyError);
    expect(message(tasks)).toBe(
      "'process' depends on 'fetch': 2 nodes of this workflow run it; name the node by its ref in the dependencies of 'process'",
    );
  });

  it('are refused if no task has the name', () => {
    expect(message([{ taskId: 'orphan' }])).toBe("'orphan' depends on 'nobody': no task or node has that name");
  });

  it('are replaced by those of the node, also by none', () => {
    expect(edges([{ taskId: 'fetch' }, { taskId: 'process', dependencies: [] }])).toEqual({ fetch: [], process: [] });
    expect(edges([{ taskId: 'process', dependencies: [{ taskId: 'audit' }] }])).toEqual({ process: ['audit=audit!'] });
  });
});

describe('edges of the node', () => {
  const node = (dependency: object, taskId = 'audit') => ({ taskId, dependencies: [dependency] });

  it('lead to a ref, by name, backwards and forwards', () => {
    const fetches = [
      { taskId: 'fetch', ref: 'eu' },
      { taskId: 'fetch', ref: 'us' },
    ];
    const both = { taskId: 'audit', dependencies: [{ ref: 'eu' }, { ref: 'us', type: 'always' }] };
    expect(edges([...fetches, both])).toEqual({ eu: [], us: [], audit: ['eu=eu', 'us=us'] });
    expect(edges([both, ...fetches])).toMatchObject({ audit: ['eu=eu', 'us=us'] });
  });

  it('lead to a taskId: its only node, else the node with that ref, else outside', () => {
    expect(edges([node({ taskId: 'fetch' }), { taskId: 'fetch', ref: 'eu' }])).toMatchObject({ audit: ['eu=eu'] });
    const named = [{ taskId: 'fetch' }, { taskId: 'fetch', ref: 'us' }];
    expect(edges([node({ taskId: 'fetch' }), ...named])).toMatchObject({ audit: ['fetch=fetch'] });
    expect(edges([node({ taskId: 'load' }), { taskId: 'fetch', ref: 'load' }])).toMatchObject({ audit: ['load=load'] });
    expect(edges([node({ taskId: 'fetch' })])).toEqual({ audit: ['fetch=fetch!'] });
  });

  it('prefer the node that runs the task to one that only has its name', () => {
    const tasks = [node({ taskId: 'fetch' }), { taskId: 'other', ref: 'fetch' }, { taskId: 'fetch', ref: 'real' }];
    expect(edges(tasks)).toMatchObject({ audit: ['real=real'] });
  });

  it('have a type, a timeout, and outcomes that count', () => {
    const warn = jest.fn();
    const dependency = { taskId: 'fetch', dependencyType: 'failure', timeout: 30, maxAge: '1h', reuse: true };
    expect(plan([node(dependency)], {}, warn)[0]!.edges).toEqual([
      { ref: 'fetch', to: { task: 'fetch' }, type: 'failure', timeout: 30, maxAge: 3_600_000, reuse: true },
    ]);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['an unknown ref', { ref: 'eu' }, UnknownDependencyError],
    ['a ref that is only a task outside', { ref: 'fetch' }, UnknownDependencyError],
    ['an unknown task', { taskId: 'nobody' }, UnknownDependencyError],
    ['itself by ref', { ref: 'audit' }, SelfDependencyError],
    ['itself by task', { taskId: 'audit' }, SelfDependencyError],
    ['neither ref nor taskId', { type: 'always' }, InvalidOptionError],
    ['both ref and taskId', { ref: 'a', taskId: 'fetch' }, InvalidOptionError],
    ['an unknown type', { taskId: 'fetch', type: 'done' }, InvalidOptionError],
    ['an unknown field', { taskId: 'fetch', when: 'done' }, InvalidOptionError],
    ['a ref that is no name', { ref: 5 }, InvalidNameError],
    ['a timeout of nothing', { taskId: 'fetch', timeout: 0 }, InvalidDurationError],
    ['text', 'fetch', InvalidOptionError],
    ['null', null, InvalidOptionError],
  ])('are refused with %s', (_why, dependency, expected) => {
    expect(() => plan([node(dependency as object)])).toThrow(expected);
  });

  it('are refused if a task occurs several times and no node has its name', () => {
    const tasks = [node({ taskId: 'fetch' }), { taskId: 'fetch', ref: 'eu' }, { taskId: 'fetch', ref: 'us' }];
    expect(message(tasks)).toMatch(/^'audit' depends on 'fetch': 2 nodes of this workflow run it/);
  });

  it('are refused if two connect the same nodes, however they are named', () => {
    const twice = { taskId: 'audit', dependencies: [{ ref: 'eu' }, { taskId: 'fetch' }] };
    expect(() => plan([twice, { taskId: 'fetch', ref: 'eu' }])).toThrow(DuplicateDependencyError);
    const outside = { taskId: 'audit', dependencies: [{ taskId: 'fetch' }, { taskId: 'fetch', type: 'always' }] };
    expect(() => plan([outside])).toThrow(DuplicateDependencyError);
  });

  it('are refused if two results would have the same key', () => {
    const chained = define('chained', { dependencies: [{ taskId: 'fetch' }, { taskId: 'other' }] });
    const lookup = (taskId: string) => (taskId === 'chained' ? chained : TASKS.get(taskId));
    const tasks: WorkflowTask[] = [{ taskId: 'chained' }, { taskId: 'other', ref: 'fetch' }];
    expect(() => planWorkflow({ tasks }, lookup)).toThrow(DuplicateDependencyError);
  });
});

describe('a workflow', () => {
  const link = (ref: string, ...refs: string[]) => ({
    taskId: 'audit',
    ref,
    dependencies: refs.map((to) => ({ ref: to })),
  });

  it('is refused with a cycle, reported by its refs', () => {
    expect(() => plan([link('x', 'a'), link('a', 'b'), link('b', 'c'), link('c', 'a')])).toThrow(
      CircularDependencyError,
    );
    expect(message([link('x', 'a'), link('a', 'b'), link('b', 'c'), link('c', 'a')])).toBe(
      'circular dependency: a -> b -> c -> a',
    );
  });

  it('is refused with a cycle of edges of definitions and of its nodes', () => {
    expect(message([{ taskId: 'fetch', dependencies: [{ taskId: 'process' }] }, { taskId: 'process' }])).toBe(
      'circular dependency: fetch -> process -> fetch',
    );
  });

  it(`can be a chain of ${MAX_WORKFLOW_NODES} nodes, in the worst order`, () => {
    const last = MAX_WORKFLOW_NODES - 1;
    const nodes = plan(
      Array.from({ length: MAX_WORKFLOW_NODES }, (_, i) => (i < last ? link(`n${i}`, `n${i + 1}`) : link(`n${i}`))),
    );
    expect([nodes.length, nodes[0]!.edges[0]!.to]).toEqual([MAX_WORKFLOW_NODES, { node: 'n1' }]);
  });

  it('can have no nodes', () => {
    expect(plan([])).toEqual([]);
  });

  it('counts the edges of definitions, too', () => {
    const dependencies = Array.from({ length: 10 }, (_, i) => ({ taskId: `up${i}` }));
    const wide = define('wide', { dependencies });
    const tasks = Array.from({ length: MAX_WORKFLOW_EDGES / 10 + 1 }, (_, i) => ({ taskId: 'wide', ref: `w${i}` }));
    expect(() => planWorkflow({ tasks }, () => wide)).toThrow(WorkflowTooLargeError);
  });

  it(`can have ${MAX_WORKFLOW_EDGES} edges, and not one more`, () => {
    const sources = Array.from({ length: 250 }, (_, i) => `s${i}`);
    const sinks = Array.from({ length: 200 }, (_, i) => link(`t${i}`, ...sources));
    const tasks = [...sources.map((ref) => link(ref)), ...sinks];
    expect(plan(tasks)).toHaveLength(450);
    expect(message([...tasks, link('more', 's0')])).toBe(
      `a workflow of ${MAX_WORKFLOW_EDGES + 1} edges is too large; allowed: 1 to ${MAX_WORKFLOW_EDGES}`,
    );
  });
});
