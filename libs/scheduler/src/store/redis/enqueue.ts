import type { NewExecution } from '../../core/commands.js';
import { extraOf, isPlain, partOf } from './codec/executions.js';

/** Kinds of plain executions that one batch may have: each is named by one character of ASCII. */
const MAX_GROUPS = 127;

/** The arguments of the script `enqueue`. @param workflow JSON, or '' */
export function packBatch(workflow: string, batch: readonly NewExecution[]): string[] {
  const plain = workflow === '' && batch.every(isPlain) ? groupsOf(batch) : null;
  const args = plain
    ? [workflow, '', JSON.stringify(plain.groups), plain.groupOf]
    : [workflow, JSON.stringify(extrasOf(batch)), '[]', ''];
  for (const command of batch) args.push(command.executionId, partOf(command));
  return args;
}

/** Queue, level and task of plain executions, each mix once; null where there are too many of them. */
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
