import { describe, expect, it } from '@jest/globals';
import { MAX_WORKFLOW_EDGES, MAX_WORKFLOW_NODES } from 'nestjs-advanced-scheduler';
import { parseWfFormat, WfFormatError } from './wf-format.js';

type Specified = { id?: unknown; name?: string; parents?: unknown; children?: unknown };
type Executed = { id?: unknown; runtimeInSeconds?: unknown };

const text = (specified: Specified[], executed: Executed[], name: string | undefined = 'demo'): string =>
  JSON.stringify({
    name,
    schemaVersion: '1.5',
    workflow: { specification: { tasks: specified, files: [] }, execution: { tasks: executed } },
  });

const time = (id: string, runtimeInSeconds: unknown = 1): Executed => ({ id, runtimeInSeconds });
const pair = [time('a'), time('b')];

function problemOf(document: string): string {
  try {
    parseWfFormat(document, 'trace.json');
  } catch (error) {
    expect(error).toBeInstanceOf(WfFormatError);
    const { file, problem, message } = error as WfFormatError;
    expect(file).toBe('trace.json');
    expect(message).toBe(`trace.json: ${problem}`);
    return problem;
  }
  throw new Error('it was accepted');
}

describe('parseWfFormat', () => {
  it('joins the graph with the recorded times, whatever the order of the latter', () => {
    const specified = [
      { id: 'a', name: 'first', parents: [], children: ['b'] },
      { id: 'b', parents: ['a'], children: [] },
    ];
    expect(parseWfFormat(text(specified, [time('b', 0), time('a', 2.5), time('unused')]), 'trace.json')).toEqual({
      name: 'demo',
      tasks: [
        { id: 'a', name: 'first', runtimeSeconds: 2.5, parents: [] },
        { id: 'b', name: 'b', runtimeSeconds: 0, parents: ['a'] },
      ],
    });
  });

  it('uses the name of the file for a workflow without one', () => {
    expect(parseWfFormat(text([{ id: 'a' }], [time('a')], ''), 'trace.json').name).toBe('trace.json');
  });

  it.each<[string, string, RegExp]>([
    ['no JSON', '{"workflow"', /^not JSON \(.+\)$/],
    ['an empty file', '', /^not JSON/],
    ['another document', '{"jobs":[]}', /^no workflow\.specification\.tasks .*workflow\.jobs/],
    ['a bare null', 'null', /^no workflow\.specification\.tasks/],
    ['no tasks', text([], []), /tasks is empty/],
    ['no times', '{"workflow":{"specification":{"tasks":[{"id":"a"}]}}}', /^no workflow\.execution\.tasks/],
    ['a task without id', text([{ name: 'x' }], []), /specification\.tasks\[0\]: id must be non-empty text/],
    ['an id of no text', text([{ id: 7 }], []), /specification\.tasks\[0\]: id must be non-empty text/],
    ['a task twice', text([{ id: 'a' }, { id: 'a' }], pair), /"a" is listed twice in workflow\.specification/],
    ['a time twice', text([{ id: 'a' }], [time('a'), time('a')]), /"a" is listed twice in workflow\.execution/],
    ['a missing time', text([{ id: 'a' }, { id: 'c' }], pair), /"c" has no runtimeInSeconds/],
    ['an entry without time', text([{ id: 'a' }], [{ id: 'a' }]), /"a" has no runtimeInSeconds/],
    ['a negative time', text([{ id: 'a' }], [time('a', -0.5)]), /"a": runtimeInSeconds is -0\.5/],
    ['a time of text', text([{ id: 'a' }], [time('a', '3')]), /"a": runtimeInSeconds is "3"/],
    ['an unknown parent', text([{ id: 'a' }, { id: 'b', parents: ['x'] }], pair), /"b" has an unknown parent "x"/],
    ['a parent twice', text([{ id: 'a' }, { id: 'b', parents: ['a', 'a'] }], pair), /"b" lists its parent "a" twice/],
    ['parents of no list', text([{ id: 'a', parents: 'b' }], pair), /"a": parents must be a list/],
    ['an edge only its parent knows', text([{ id: 'a', children: ['b'] }, { id: 'b' }], pair), /"a" has a child "b"/],
    [
      'a cycle',
      text(
        [
          { id: 'a', parents: ['b'] },
          { id: 'b', parents: ['a'] },
        ],
        pair,
      ),
      /depend on each other in a cycle: . -> . -> ./,
    ],
  ])('refuses %s', (_what, document, problem) => {
    expect(problemOf(document)).toMatch(problem);
  });
});

/** A document of schema 1.0 to 1.4. */
const older = (schemaVersion: string, key: 'jobs' | 'tasks', tasks: unknown[]): string =>
  JSON.stringify({ name: 'older', schemaVersion, workflow: { makespan: 1, executedAt: '2020-01-01', [key]: tasks } });

describe('parseWfFormat, schemas 1.0 to 1.4', () => {
  const expected = {
    name: 'older',
    tasks: [
      { id: 'split_ID01', name: 'split_ID01', runtimeSeconds: 2.5, parents: [] },
      { id: 'map_ID02', name: 'map_ID02', runtimeSeconds: 1, parents: ['split_ID01'] },
    ],
  };

  it.each<[string, 'jobs' | 'tasks', string]>([
    ['1.0', 'jobs', 'runtime'],
    ['1.1', 'jobs', 'runtime'],
    ['1.2', 'jobs', 'runtime'],
    ['1.3', 'tasks', 'runtime'],
    ['1.4', 'tasks', 'runtimeInSeconds'],
  ])('parses %s: workflow.%s, each with its %s', (version, key, runtime) => {
    const tasks = [
      { name: 'split_ID01', type: 'compute', [runtime]: 2.5 },
      { name: 'map_ID02', type: 'compute', parents: ['split_ID01'], [runtime]: 1 },
    ];
    expect(parseWfFormat(older(version, key, tasks), 'trace.json')).toEqual(expected);
  });

  it('accepts references by name or by id, and edges from either end', () => {
    const tasks = [
      { name: 'split_ID01', id: 'ID01', children: ['ID02', 'map_ID02'], runtimeInSeconds: 2.5 },
      { name: 'map_ID02', id: 'ID02', parents: ['split_ID01', 'ID01'], runtimeInSeconds: 1 },
    ];
    expect(parseWfFormat(older('1.4', 'tasks', tasks), 'trace.json')).toEqual(expected);
  });

  it('distinguishes tasks of one name by their ids', () => {
    const tasks = [
      { name: 'map', id: 'a', runtime: 1 },
      { name: 'map', id: 'b', parents: ['a'], runtime: 1 },
    ];
    const { tasks: read } = parseWfFormat(older('1.3', 'tasks', tasks), 'trace.json');
    expect(read.map(({ id, parents }) => [id, parents])).toEqual([
      ['a', []],
      ['b', ['a']],
    ]);
  });

  it('uses a time of 0 for a task without a recorded one', () => {
    const { tasks } = parseWfFormat(older('1.3', 'tasks', [{ name: 'stage_in' }]), 'trace.json');
    expect(tasks).toEqual([{ id: 'stage_in', name: 'stage_in', runtimeSeconds: 0, parents: [] }]);
  });

  const two = (more: object): unknown[] => [
    { name: 'a', runtime: 1 },
    { name: 'b', runtime: 1, ...more },
  ];
  it.each<[string, unknown[], RegExp]>([
    ['no tasks', [], /workflow\.tasks is empty/],
    ['a task without a name', [{ id: 'a' }], /workflow\.tasks\[0\]: name must be non-empty text/],
    ['an unknown parent', two({ parents: ['x'] }), /"b" has an unknown parent "x"/],
    ['an unknown child', two({ children: ['x'] }), /"b" has an unknown child "x"/],
    ['a task that waits for itself', two({ parents: ['b'] }), /depend on each other in a cycle: b -> b/],
    ['a negative time', two({ runtime: -1 }), /"b": runtime is -1/],
    ['a time of text', two({ runtime: '1' }), /"b": runtime is "1"/],
    ['parents of no list', two({ parents: 'a' }), /"b": parents must be a list/],
    [
      'names that repeat, without ids',
      [{ name: 'a' }, { name: 'a' }],
      /have the same name, so id must be non-empty text/,
    ],
    ['ids that repeat', two({ name: 'a' }).map((t) => ({ ...(t as object), id: 'i' })), /"i" is listed twice/],
    [
      'a name that several tasks share as a parent',
      [
        { name: 'map', id: 'x' },
        { name: 'map', id: 'y' },
        { name: 'join', id: 'z', parents: ['map'] },
      ],
      /"z" has a parent "map", but several tasks have this name/,
    ],
  ])('refuses %s', (_what, tasks, problem) => {
    expect(problemOf(older('1.3', 'tasks', tasks))).toMatch(problem);
  });
});

describe('parseWfFormat, sizes and encodings', () => {
  it('ignores a byte order mark', () => {
    expect(parseWfFormat(`\ufeff${text([{ id: 'a' }], [time('a')])}`, 'trace.json').tasks).toHaveLength(1);
  });

  it('refuses more tasks than a workflow may have', () => {
    const tasks = Array.from({ length: MAX_WORKFLOW_NODES + 1 }, (_, i) => ({ name: `t${i}` }));
    expect(parseWfFormat(older('1.4', 'tasks', tasks.slice(1)), 'trace.json').tasks).toHaveLength(MAX_WORKFLOW_NODES);
    expect(problemOf(older('1.4', 'tasks', tasks))).toBe('10001 tasks; allowed: 1 to 10000');
  });

  it('refuses more dependencies than a workflow may have', () => {
    const roots = Array.from({ length: MAX_WORKFLOW_EDGES / 100 }, (_, i) => ({ name: `r${i}` }));
    const parents = roots.map(({ name }) => name);
    const joins = Array.from({ length: 101 }, (_, i) => ({ name: `j${i}`, parents }));
    expect(problemOf(older('1.4', 'tasks', [...roots, ...joins]))).toBe('50500 dependencies; allowed: at most 50000');
  });
});
