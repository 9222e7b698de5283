import { MAX_WORKFLOW_EDGES, MAX_WORKFLOW_NODES } from 'nestjs-advanced-scheduler';
import { countEdges, findCycle, type Trace, type TraceTask } from './trace.js';
import { dig, type Fail } from './wf-document.js';
import { readSpecification } from './wf-specification.js';
import { readTaskList } from './wf-task-list.js';

/** A file that is not a usable WfFormat document; the message names the file and the problem. */
export class WfFormatError extends Error {
  constructor(
    readonly file: string,
    readonly problem: string,
  ) {
    super(`${file}: ${problem}`);
    this.name = 'WfFormatError';
  }
}

/**
 * Parses a WfFormat document of schema 1.0 to 1.6. The layout decides how it is parsed, not its version:
 * `workflow.specification.tasks` since 1.5, `workflow.tasks` in 1.3 and 1.4, `workflow.jobs` before. A byte order mark
 * is ignored. The graph is acyclic and within the scheduler's limits of nodes and edges.
 * @param file name of the text in errors, and of a workflow without a name
 * @throws WfFormatError
 */
export function parseWfFormat(text: string, file: string): Trace {
  const fail: Fail = (problem) => {
    throw new WfFormatError(file, problem);
  };
  const document = parseJson(text, fail);
  const tasks = readTasks(document, fail);
  if (tasks.length > MAX_WORKFLOW_NODES) fail(`${tasks.length} tasks; allowed: 1 to ${MAX_WORKFLOW_NODES}`);
  const edges = countEdges(tasks);
  if (edges > MAX_WORKFLOW_EDGES) fail(`${edges} dependencies; allowed: at most ${MAX_WORKFLOW_EDGES}`);
  const cycle = findCycle(tasks);
  if (cycle !== null) fail(`the tasks depend on each other in a cycle: ${cycle.join(' -> ')}`);
  const name = dig(document, 'name');
  return { name: typeof name === 'string' && name !== '' ? name : file, tasks };
}

function parseJson(text: string, fail: Fail): unknown {
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch (error) {
    return fail(`not JSON (${(error as Error).message})`);
  }
}

function readTasks(document: unknown, fail: Fail): readonly TraceTask[] {
  const specified = dig(document, 'workflow', 'specification', 'tasks');
  if (Array.isArray(specified)) return readSpecification(document, specified, fail);
  for (const key of ['tasks', 'jobs'] as const) {
    const listed = dig(document, 'workflow', key);
    if (Array.isArray(listed)) return readTaskList(listed, `workflow.${key}`, fail);
  }
  return fail(
    'no workflow.specification.tasks (WfFormat 1.5), workflow.tasks (1.3, 1.4) or workflow.jobs (1.0 to 1.2): ' +
      'expected a list of tasks',
  );
}
