import type { WorkflowRequest, WorkflowTask } from '../dependency/workflow-plan.js';
import { isTaskRef, type TaskTarget } from '../task/task-ref.js';

/** One node of runWorkflow: its task by id or by reference. */
export interface WorkflowNode<P = any> extends Omit<WorkflowTask<P>, 'taskId'> {
  taskId: TaskTarget<P, any>;
}

/** Options of runWorkflow. */
export interface RunWorkflowRequest extends Omit<WorkflowRequest, 'tasks'> {
  /** At most 10,000 nodes and 50,000 edges; an empty workflow is COMPLETED at once. */
  tasks: readonly WorkflowNode[];
}

/** Converts references to ids. The plan checks everything else. */
export function withTaskIds(request: RunWorkflowRequest): WorkflowRequest {
  if (!Array.isArray(request?.tasks)) return request as WorkflowRequest;
  const idOf = (node: WorkflowNode): WorkflowTask =>
    isTaskRef(node?.taskId) ? { ...node, taskId: node.taskId.taskId } : (node as WorkflowTask);
  return { ...request, tasks: request.tasks.map(idOf) };
}

/** The tasks of the nodes; empty if the request is invalid. */
export function taskIdsOf(request: WorkflowRequest): unknown[] {
  return Array.isArray(request?.tasks) ? request.tasks.map((node: Partial<WorkflowTask> | null) => node?.taskId) : [];
}
