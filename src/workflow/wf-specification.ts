import type { TraceTask } from './trace.js';
import { dig, readSeconds, readText, readTexts, type Fail } from './wf-document.js';

/**
 * Reads the tasks of a document since schema 1.5: the graph from `workflow.specification.tasks`, the times from
 * `workflow.execution.tasks`.
 */
export function readSpecification(document: unknown, specified: readonly unknown[], fail: Fail): TraceTask[] {
  if (specified.length === 0) fail('workflow.specification.tasks is empty');
  const runtimes = readRuntimes(dig(document, 'workflow', 'execution', 'tasks'), fail);
  const tasks = specified.map((entry, index) => readTask(entry, index, runtimes, fail));
  checkEdges(tasks, specified, fail);
  return tasks;
}

function readRuntimes(executed: unknown, fail: Fail): Map<string, unknown> {
  if (!Array.isArray(executed)) return fail('no workflow.execution.tasks: expected a list of recorded times');
  const runtimes = new Map<string, unknown>();
  executed.forEach((entry: unknown, index) => {
    const id = readText(entry, 'id', `workflow.execution.tasks[${index}]`, fail);
    if (runtimes.has(id)) fail(`task "${id}" is listed twice in workflow.execution.tasks`);
    runtimes.set(id, dig(entry, 'runtimeInSeconds'));
  });
  return runtimes;
}

function readTask(entry: unknown, index: number, runtimes: ReadonlyMap<string, unknown>, fail: Fail): TraceTask {
  const id = readText(entry, 'id', `workflow.specification.tasks[${index}]`, fail);
  const name = dig(entry, 'name');
  const runtime = runtimes.get(id) ?? fail(`task "${id}" has no runtimeInSeconds in workflow.execution.tasks`);
  return {
    id,
    name: typeof name === 'string' && name !== '' ? name : id,
    runtimeSeconds: readSeconds(runtime, 'runtimeInSeconds', id, fail),
    parents: readTexts(entry, 'parents', id, fail),
  };
}

function checkEdges(tasks: readonly TraceTask[], specified: readonly unknown[], fail: Fail): void {
  const parentsOf = new Map<string, ReadonlySet<string>>();
  for (const { id, parents } of tasks) {
    if (parentsOf.has(id)) fail(`task "${id}" is listed twice in workflow.specification.tasks`);
    parentsOf.set(id, new Set(parents));
  }
  tasks.forEach(({ id, parents }, index) => {
    const unknown = parents.find((parent) => !parentsOf.has(parent));
    if (unknown !== undefined) fail(`task "${id}" has an unknown parent "${unknown}"`);
    const twice = parents.find((parent, at) => parents.indexOf(parent) !== at);
    if (twice !== undefined) fail(`task "${id}" lists its parent "${twice}" twice`);
    // Both tasks of an edge must name it; otherwise an edge would be lost silently.
    const stray = readTexts(specified[index], 'children', id, fail).find((child) => !parentsOf.get(child)?.has(id));
    if (stray !== undefined) fail(`task "${id}" has a child "${stray}" that does not name it as a parent`);
  });
}
