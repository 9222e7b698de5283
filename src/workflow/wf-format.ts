import { findCycle, type Trace, type TraceTask } from './trace.js';

/** A file that is no usable WfFormat document; the message names the file and what is wrong with it. */
export class WfFormatError extends Error {
  constructor(
    readonly file: string,
    readonly problem: string,
  ) {
    super(`${file}: ${problem}`);
    this.name = 'WfFormatError';
  }
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Follows keys through objects; undefined where the path ends early. */
function dig(value: unknown, ...keys: string[]): unknown {
  return keys.reduce((at: unknown, key) => (isObject(at) ? at[key] : undefined), value);
}

/**
 * Reads a WfFormat 1.5 document: the graph from `workflow.specification.tasks`, the times from `workflow.execution.tasks`.
 * @param file what to call the text in errors, and the name of a workflow that bears none
 * @throws WfFormatError
 */
export function parseWfFormat(text: string, file: string): Trace {
  const fail = (problem: string): never => {
    throw new WfFormatError(file, problem);
  };
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return fail(`not JSON (${(error as Error).message})`);
  }
  const specified = dig(document, 'workflow', 'specification', 'tasks');
  if (!Array.isArray(specified))
    return fail('no workflow.specification.tasks: expected a list of tasks (WfFormat 1.5)');
  if (specified.length === 0) return fail('workflow.specification.tasks is empty');

  const runtimes = readRuntimes(dig(document, 'workflow', 'execution', 'tasks'), fail);
  const tasks = specified.map((entry, index) => readTask(entry, index, runtimes, fail));
  checkGraph(tasks, specified, fail);
  const name = dig(document, 'name');
  return { name: typeof name === 'string' && name !== '' ? name : file, tasks };
}

type Fail = (problem: string) => never;

function readId(entry: unknown, where: string, fail: Fail): string {
  const id = dig(entry, 'id');
  return typeof id === 'string' && id !== '' ? id : fail(`${where}: id must be text, not empty`);
}

function readRuntimes(executed: unknown, fail: Fail): Map<string, unknown> {
  if (!Array.isArray(executed)) return fail('no workflow.execution.tasks: expected a list of recorded times');
  const runtimes = new Map<string, unknown>();
  executed.forEach((entry: unknown, index) => {
    const id = readId(entry, `workflow.execution.tasks[${index}]`, fail);
    if (runtimes.has(id)) fail(`task "${id}" stands twice in workflow.execution.tasks`);
    runtimes.set(id, dig(entry, 'runtimeInSeconds'));
  });
  return runtimes;
}

function readTask(entry: unknown, index: number, runtimes: ReadonlyMap<string, unknown>, fail: Fail): TraceTask {
  const id = readId(entry, `workflow.specification.tasks[${index}]`, fail);
  const name = dig(entry, 'name');
  const runtime = runtimes.get(id) ?? fail(`task "${id}" has no runtimeInSeconds in workflow.execution.tasks`);
  if (typeof runtime !== 'number' || !Number.isFinite(runtime) || runtime < 0) {
    fail(`task "${id}": runtimeInSeconds is ${JSON.stringify(runtime)}, expected a number of seconds, 0 or more`);
  }
  return {
    id,
    name: typeof name === 'string' && name !== '' ? name : id,
    runtimeSeconds: runtime,
    parents: readIds(entry, 'parents', id, fail),
  };
}

function readIds(entry: unknown, key: 'parents' | 'children', id: string, fail: Fail): string[] {
  const ids = dig(entry, key) ?? [];
  if (!Array.isArray(ids) || !ids.every((item): item is string => typeof item === 'string')) {
    return fail(`task "${id}": ${key} must be a list of task ids`);
  }
  return ids;
}

function checkGraph(tasks: readonly TraceTask[], specified: readonly unknown[], fail: Fail): void {
  const parentsOf = new Map<string, ReadonlySet<string>>();
  for (const { id, parents } of tasks) {
    if (parentsOf.has(id)) fail(`task "${id}" stands twice in workflow.specification.tasks`);
    parentsOf.set(id, new Set(parents));
  }
  tasks.forEach(({ id, parents }, index) => {
    const unknown = parents.find((parent) => !parentsOf.has(parent));
    if (unknown !== undefined) fail(`task "${id}" has an unknown parent "${unknown}"`);
    const twice = parents.find((parent, at) => parents.indexOf(parent) !== at);
    if (twice !== undefined) fail(`task "${id}" names its parent "${twice}" twice`);
    // The edge stands in both tasks; one that only the parent knows would be lost without a word.
    const stray = readIds(specified[index], 'children', id, fail).find((child) => !parentsOf.get(child)?.has(id));
    if (stray !== undefined) fail(`task "${id}" has a child "${stray}" that does not name it as a parent`);
  });
  const cycle = findCycle(tasks);
  if (cycle !== null) fail(`the tasks wait for each other: ${cycle.join(' -> ')}`);
}
