import { describe, expect, it } from '@jest/globals';
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

  it('takes the name of the file for a workflow without one', () => {
    expect(parseWfFormat(text([{ id: 'a' }], [time('a')], ''), 'trace.json').name).toBe('trace.json');
  });

  it.each<[string, string, RegExp]>([
    ['no JSON', '{"workflow"', /^not JSON \(.+\)$/],
    ['an empty file', '', /^not JSON/],
    ['another document', '{"jobs":[]}', /^no workflow\.specification\.tasks/],
    ['a bare null', 'null', /^no workflow\.specification\.tasks/],
    ['no tasks', text([], []), /tasks is empty/],
    ['no times', '{"workflow":{"specification":{"tasks":[{"id":"a"}]}}}', /^no workflow\.execution\.tasks/],
    ['a task without id', text([{ name: 'x' }], []), /specification\.tasks\[0\]: id must be text/],
    ['an id of no text', text([{ id: 7 }], []), /specification\.tasks\[0\]: id must be text/],
    ['a task twice', text([{ id: 'a' }, { id: 'a' }], pair), /"a" stands twice in workflow\.specification/],
    ['a time twice', text([{ id: 'a' }], [time('a'), time('a')]), /"a" stands twice in workflow\.execution/],
    ['a missing time', text([{ id: 'a' }, { id: 'c' }], pair), /"c" has no runtimeInSeconds/],
    ['an entry without time', text([{ id: 'a' }], [{ id: 'a' }]), /"a" has no runtimeInSeconds/],
    ['a negative time', text([{ id: 'a' }], [time('a', -0.5)]), /"a": runtimeInSeconds is -0\.5/],
    ['a time of text', text([{ id: 'a' }], [time('a', '3')]), /"a": runtimeInSeconds is "3"/],
    ['an unknown parent', text([{ id: 'a' }, { id: 'b', parents: ['x'] }], pair), /"b" has an unknown parent "x"/],
    ['a parent twice', text([{ id: 'a' }, { id: 'b', parents: ['a', 'a'] }], pair), /"b" names its parent "a" twice/],
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
      /wait for each other: . -> . -> ./,
    ],
  ])('refuses %s', (_what, document, problem) => {
    expect(problemOf(document)).toMatch(problem);
  });
});
