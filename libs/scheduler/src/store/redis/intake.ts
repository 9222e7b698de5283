import type { NewExecution, NewWorkflow } from '../../core/commands.js';
import { extraOf, isPlain } from './codec/executions.js';
import { recordOf } from './codec/workflows.js';
import { extrasOf, withPart } from './enqueue.js';
import { PART_BYTES, REQUEST_BYTES, sizeOf, split } from './request-size.js';

/** Executions that are more than plain which one script creates; those of a larger batch are gathered and admitted. */
export const CREATED_AT_ONCE = 200;

/**
 * Whether a batch is too large for one script, by number or by size. Plain executions cost a tenth, and go together however
 * many there are.
 */
export function isLarge(batch: readonly NewExecution[], createdAtOnce: number): boolean {
  const isTooMany = batch.length > createdAtOnce && !batch.every(isPlain);
  return isTooMany || sizeOf(batch) > REQUEST_BYTES;
}

/** The arguments of the scripts `gather` of a batch, beside its id. */
export function packIntake(batch: readonly NewExecution[], createdAtOnce: number): string[][] {
  const mine = new Set(batch.map((each) => each.executionId));
  const ordered = upstreamsFirst(batch);
  return split(ordered, createdAtOnce, PART_BYTES, ({ payload }) => payload?.length ?? 0).map((part) => {
    const extras = extrasOf(part, (each) => marked(extraOf(each), mine));
    return [JSON.stringify(extras), ...part.flatMap(withPart)];
  });
}

/** The arguments of the script `accept` for a workflow, beside the batch and its size. */
export function packAcceptance(workflow: NewWorkflow): string[] {
  return [workflow.workflowId, recordOf(workflow)];
}

/** An edge that leads to an execution of the same batch looks for none that is there. */
function marked(extra: ReturnType<typeof extraOf>, mine: ReadonlySet<string>): object | null {
  if (!extra?.edges) return extra;
  return {
    ...extra,
    edges: extra.edges.map((edge) => ({ ...edge, mine: edge.to !== undefined && mine.has(edge.to) })),
  };
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
