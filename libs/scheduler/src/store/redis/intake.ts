import type { NewExecution, NewWorkflow } from '../../core/commands.js';
import { extraOf, isSimple, partOf, type Extra } from './codec/executions.js';
import { recordOf } from './codec/workflows.js';
import { PART_BYTES, REQUEST_BYTES, sizeOf, split } from './request-size.js';

/** Executions that are more than simple which one script creates; those of a larger batch are gathered and admitted. */
export const CREATED_AT_ONCE = 200;

/** Edges of one item of a batch. An execution with more of them is made of several items. */
const EDGES_TOGETHER = 4;

/** An execution of a batch, or more edges of one. */
export interface Item {
  executionId: string;
  /** '' of more edges. */
  part: string;
  extra: Extra | null;
}

/** Whether a batch of workflow members is too large for one script, however few edges they have. */
export function isTooMany(batch: readonly NewExecution[], createdAtOnce: number): boolean {
  return (batch.length > createdAtOnce && !batch.every(isSimple)) || sizeOf(batch) > REQUEST_BYTES;
}

/**
 * Whether a batch is too large for one script, by executions, edges or bytes. Plain executions cost a tenth, and go together
 * however many there are.
 */
export function isLarge(batch: readonly NewExecution[], createdAtOnce: number): boolean {
  const weight = batch.reduce((sum, { edges }) => sum + Math.max(1, edges?.length ?? 0), 0);
  return isTooMany(batch, createdAtOnce) || (weight > createdAtOnce && !batch.every(isSimple));
}

/** The parts of a batch: each is bounded in executions, edges and bytes. */
export function partsOf(batch: readonly NewExecution[], createdAtOnce: number): Item[][] {
  const mine = new Set(batch.map((each) => each.executionId));
  const edgesTogether = Math.min(EDGES_TOGETHER, createdAtOnce);
  const items = upstreamsFirst(batch).flatMap((each) => itemsOf(each, mine, edgesTogether));
  return split(items, createdAtOnce, PART_BYTES, ({ part }) => part.length).flatMap((part) =>
    split(part, createdAtOnce, createdAtOnce, ({ extra }) => Math.max(1, extra?.edges?.length ?? 0)),
  );
}

/** The arguments of the script `gather` for a part, beside the id of its batch. */
export function packItems(items: readonly Item[]): string[] {
  const extras = Object.fromEntries(items.flatMap(({ extra }, i) => (extra ? [[i + 1, extra]] : [])));
  return [JSON.stringify(extras), ...items.flatMap(({ executionId, part }) => [executionId, part])];
}

/** The arguments of the script `accept` for a workflow, beside the batch and the number of its items. */
export function packAcceptance(workflow: NewWorkflow): string[] {
  return [workflow.workflowId, recordOf(workflow), `${workflow.nodes.length}`];
}

/** An edge that leads to an execution of the same batch (`mine`) looks for none that is there. */
function itemsOf(command: NewExecution, mine: ReadonlySet<string>, edgesTogether: number): Item[] {
  const { executionId, taskId } = command;
  const first: Item = { executionId, part: partOf(command), extra: extraOf(command) };
  if (!first.extra?.edges) return [first];
  const edges = first.extra.edges.map((edge) => ({ ...edge, mine: edge.to !== undefined && mine.has(edge.to) }));
  const [some = [], ...others] = split(edges, edgesTogether, edgesTogether, () => 1);
  const following = others.map((each, i) => {
    return { executionId, part: '', extra: { task: taskId, edges: each, more: i < others.length - 1 } };
  });
  return [{ ...first, extra: { ...first.extra, edges: some, more: others.length > 0 } }, ...following];
}

/** In the order given, except that each stands behind those of the batch that it depends on. */
function upstreamsFirst(batch: readonly NewExecution[]): NewExecution[] {
  const byId = new Map(batch.map((each) => [each.executionId, each]));
  const seen = new Set<NewExecution>();
  const ordered: NewExecution[] = [];
  for (const start of batch) {
    const path = seen.has(start) ? [] : [{ execution: start, edge: 0 }];
    seen.add(start);
    while (path.length > 0) {
      const top = path.at(-1)!;
      const edge = top.execution.edges?.[top.edge++];
      if (!edge) ordered.push(path.pop()!.execution);
      const upstream = edge && edge.bind !== 'newest' && byId.get(edge.bind.executionId);
      if (!upstream || seen.has(upstream)) continue;
      seen.add(upstream);
      path.push({ execution: upstream, edge: 0 });
    }
  }
  return ordered;
}
