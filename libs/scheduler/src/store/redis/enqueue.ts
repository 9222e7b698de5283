import type { NewExecution, NewWorkflow } from '../../core/commands.js';
import { extraOf, isPlain, partOf } from './codec/executions.js';
import { leanWorkflow, type LeanWorkflow } from './codec/lean-workflow.js';

/** Kinds of executions that one batch may have: each is named by one character of ASCII. */
const MAX_GROUPS = 127;

/** The arguments of the script `enqueue` for executions that belong to no workflow. */
export function packBatch(batch: readonly NewExecution[]): string[] {
  const plain = batch.every(isPlain) ? groupsOf(batch) : null;
  const args = plain ? ['', '', '', JSON.stringify(plain.groups), plain.groupOf] : ['', '', ...packExtras(batch)];
  for (const command of batch) args.push(command.executionId, partOf(command));
  return args;
}

/** The arguments for a workflow. */
export function packWorkflow(workflow: NewWorkflow, members: readonly NewExecution[]): string[] {
  const lean = leanWorkflow(members);
  const plain = lean && groupsOf(members);
  const args = headOf(workflow, lean);
  if (plain) args.push('', JSON.stringify(plain.groups), plain.groupOf);
  else args.push(...packExtras(members));
  members.forEach((command, i) => args.push(command.executionId, plain ? lean.parts[i]! : partOf(command)));
  return args;
}

/** Where its members' ids stand, they stand once. */
function headOf({ workflowId, name, nodes }: NewWorkflow, lean: LeanWorkflow | null): string[] {
  const kept = nodes.map(({ ref, taskId, dependsOn }) => ({ ref, taskId, dependsOn }));
  return [JSON.stringify({ workflowId, name, waits: lean?.waits ?? [] }), JSON.stringify(kept)];
}

function packExtras(batch: readonly NewExecution[]): string[] {
  return [JSON.stringify(extrasOf(batch)), '[]', ''];
}

/** Queue, level and task of executions, each mix once; null where there are too many of them. */
function groupsOf(batch: readonly NewExecution[]): { groups: [string, number, string][]; groupOf: string } | null {
  const groups: [string, number, string][] = [];
  const known = new Map<string, number>();
  let groupOf = '';
  for (const { queue, priority, taskId } of batch) {
    const name = `${queue}|${priority}|${taskId}`;
    let index = known.get(name);
    if (index === undefined) known.set(name, (index = groups.push([queue, priority, taskId])));
    groupOf += String.fromCharCode(index);
  }
  return groups.length <= MAX_GROUPS ? { groups, groupOf } : null;
}

/** By number in the batch, from 1. */
function extrasOf(batch: readonly NewExecution[]): Record<string, unknown> {
  const extras: Record<string, unknown> = {};
  batch.forEach((command, i) => {
    const extra = extraOf(command);
    if (extra) extras[i + 1] = extra;
  });
  return extras;
}
