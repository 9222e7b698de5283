import type { WorkflowRequest, WorkflowTask } from '../dependency/workflow-plan.js';
import { isTaskRef, type TaskTarget } from '../task/task-ref.js';

/** One node of runWorkflow: its task by id or by reference. */
export interface WorkflowNode<P = any> extends Omit<WorkflowTask<P>, 'taskId'> {
  taskId: TaskTarget<P, any>;
}

/** What runWorkflow takes. */
export interface RunWorkflowRequest extends Omit<WorkflowRequest, 'tasks'> {
  /** 10,000 nodes with 50,000 edges at most; a workflow of none is COMPLETED at once. */
  tasks: readonly WorkflowNode[];
}

/** References as ids; whatever else is wrong with the request is said where it is planned. */
export function withTaskIds(request: RunWorkflowRequest): WorkflowRequest {
  if (!Array.isArray(request?.tasks)) return request as WorkflowRequest;
  const idOf = (node: WorkflowNode): WorkflowTask =>
    isTaskRef(node?.taskId) ? { ...node, taskId: node.taskId.taskId } : (node as WorkflowTask);
  return { ...request, tasks: request.tasks.map(idOf) };
}

/** The tasks of the nodes; of a request that is none, nothing. */
export function taskIdsOf(request: WorkflowRequest): unknown[] {
  return Array.isArray(request?.tasks) ? request.tasks.map((node: Partial<WorkflowTask> | null) => node?.taskId) : [];
}
