import type { NewWorkflow } from '../../../core/commands.js';

/**
 * A workflow's record without the fields that the store adds: ids of its executions|JSON of its name and nodes. A node is
 * its ref and task, then ref and type of each upstream.
 */
export function recordOf({ name, nodes }: NewWorkflow): string {
  const ids: string[] = [];
  const encoded: string[][] = [];
  for (const { executionId, ref, taskId, dependsOn } of nodes) {
    ids.push(executionId);
    const node = [ref, taskId];
    for (const upstream of dependsOn) node.push(upstream.ref, upstream.type);
    encoded.push(node);
  }
  return `${ids.join(',')}|${JSON.stringify({ name, nodes: encoded })}`;
}
