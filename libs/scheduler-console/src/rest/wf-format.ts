import type { RunWorkflowRequest } from 'nestjs-advanced-scheduler';
import { ConsoleError } from '../console-error.js';

type Json = Readonly<Record<string, unknown>>;

/** Whether a body is a WfFormat document. */
export function isWfFormat(body: unknown): body is Json {
  return isObject(body) && isObject(body.workflow);
}

/**
 * The graph of a WfFormat 1.5 document: its tasks by id, connected by `parents`. Times and files are ignored.
 * @param taskId the task for every node, with payload { id, name }. Default: the task with the node's name
 * @throws ConsoleError INVALID_WORKFLOW
 */
export function fromWfFormat(document: Json, taskId?: string): RunWorkflowRequest {
  const { specification } = document.workflow as Json;
  const tasks = isObject(specification) ? specification.tasks : undefined;
  if (!Array.isArray(tasks)) throw invalid('workflow.specification.tasks', 'missing', 'a list of tasks (WfFormat 1.5)');
  const nodes = tasks.map((task: unknown, index) => {
    const at = `workflow.specification.tasks[${index}]`;
    if (!isObject(task) || typeof task.id !== 'string') throw invalid(`${at}.id`, 'none', 'text');
    const { id, name = id, parents = [] } = task;
    if (typeof name !== 'string') throw invalid(`${at}.name`, typeof name, 'text');
    if (!Array.isArray(parents)) throw invalid(`${at}.parents`, typeof parents, 'a list of task ids');
    return {
      taskId: taskId ?? name,
      ref: id,
      payload: { id, name },
      dependencies: parents.map((parent: unknown) => ({ ref: parent as string, type: 'success' as const })),
    };
  });
  return { ...(typeof document.name === 'string' ? { name: document.name } : {}), tasks: nodes };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(path: string, found: string, allowed: string): ConsoleError {
  return new ConsoleError('INVALID_WORKFLOW', 400, `${path}: ${found}; allowed: ${allowed}`, path);
}
