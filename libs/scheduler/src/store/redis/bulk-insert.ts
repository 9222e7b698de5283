import type { NewExecution, NewWorkflow } from '../../core/commands.js';
import { extraOf, isSimple, recordBodyOf, type Extra } from './codec/executions.js';
import { recordOf } from './codec/workflows.js';
import { STAGE_BYTES, REQUEST_BYTES, sizeOf, split } from './request-size.js';

/** Executions that one script inserts, unless all are simple. A larger batch is staged, committed and inserted in steps. */
export const INSERTS_PER_CALL = 200;

/** Simple executions that cost as much as one other. */
const SIMPLE_PER_INSERT = 20;

/** Edges of one item. An execution with more edges has several items. */
const EDGES_PER_ITEM = 4;

/** An execution of a batch, or further edges of the one before it. */
export interface StagedItem {
  executionId: string;
  /** '': further edges. */
  recordBody: string;
  extra: Extra | null;
}

/**
 * Whether a batch is too large for one script by executions, edges or bytes.
 */
export function isLarge(batch: readonly NewExecution[], insertsPerCall: number): boolean {
  if (sizeOf(batch) > REQUEST_BYTES) return true;
  const weight = batch.reduce((sum, { edges }) => sum + Math.max(1, edges?.length ?? 0), 0);
  return weight > insertsPerCall && (weight > SIMPLE_PER_INSERT * insertsPerCall || !batch.every(isSimple));
}

/** Splits a batch into parts that are bounded in executions, edges and bytes. */
export function partsOf(batch: readonly NewExecution[], insertsPerCall: number): StagedItem[][] {
  const batchIds = new Set(batch.map((each) => each.executionId));
  const edgesPerItem = Math.min(EDGES_PER_ITEM, insertsPerCall);
  const items = upstreamsFirst(batch).flatMap((each) => itemsOf(each, batchIds, edgesPerItem));
  return split(items, insertsPerCall, STAGE_BYTES, ({ recordBody }) => recordBody.length).flatMap((part) =>
    split(part, insertsPerCall, insertsPerCall, ({ extra }) => Math.max(1, extra?.edges?.length ?? 0)),
  );
}

/** The arguments of the script `stageBatch` for a part, after the id of its batch. */
export function packItems(items: readonly StagedItem[]): string[] {
  const extras = Object.fromEntries(items.flatMap(({ extra }, i) => (extra ? [[i + 1, extra]] : [])));
  return [JSON.stringify(extras), ...items.flatMap(({ executionId, recordBody }) => [executionId, recordBody])];
}

/** The arguments of the script `commitBatch` for a workflow, after the batch and the number of its items. */
export function packCommit(workflow: NewWorkflow): string[] {
  return [workflow.workflowId, recordOf(workflow), `${workflow.nodes.length}`];
}

/** The items of an execution. `inBatch`: the upstream of an edge is in the same batch, so it is not stored yet. */
function itemsOf(command: NewExecution, batchIds: ReadonlySet<string>, edgesPerItem: number): StagedItem[] {
  const { executionId, taskId } = command;
  const first: StagedItem = { executionId, recordBody: recordBodyOf(command), extra: extraOf(command) };
  if (!first.extra?.edges) return [first];
  const edges = first.extra.edges.map((edge) => ({ ...edge, inBatch: edge.to !== undefined && batchIds.has(edge.to) }));
  const [some = [], ...others] = split(edges, edgesPerItem, edgesPerItem, () => 1);
  const following = others.map((each, i) => {
    return { executionId, recordBody: '', extra: { task: taskId, edges: each, more: i < others.length - 1 } };
  });
  return [{ ...first, extra: { ...first.extra, edges: some, more: others.length > 0 } }, ...following];
}

/** Keeps the given order, except that each execution follows its upstreams in the batch. */
function upstreamsFirst(batch: readonly NewExecution[]): NewExecution[] {
  const byId = new Map(batch.map((each) => [each.executionId, each]));
  const visited = new Set<NewExecution>();
  const ordered: NewExecution[] = [];
  for (const start of batch) {
    const path = visited.has(start) ? [] : [{ execution: start, edge: 0 }];
    visited.add(start);
    while (path.length > 0) {
      const top = path.at(-1)!;
      const edge = top.execution.edges?.[top.edge++];
      if (!edge) ordered.push(path.pop()!.execution);
      const upstream = edge && edge.bind !== 'newest' && byId.get(edge.bind.executionId);
      if (!upstream || visited.has(upstream)) continue;
      visited.add(upstream);
      path.push({ execution: upstream, edge: 0 });
    }
  }
  return ordered;
}
