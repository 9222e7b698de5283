import type { NewExecution, NewWorkflow } from '../../core/commands.js';
import { boundsIn, extraOf, isSimple, partOf } from './codec/executions.js';
import type { CompactWorkflow } from './codec/compact-workflow.js';
import { recordOf } from './codec/workflows.js';

/** Kinds of executions that one batch may have: each is named by one character of ASCII. */
const MAX_GROUPS = 127;

/** The arguments of the script `enqueue` for executions that belong to no workflow. */
export function packBatch(batch: readonly NewExecution[]): string[] {
  const simple = batch.every(isSimple) ? groupsOf(batch) : null;
  return simple ? packSimple(batch, simple) : ['', '', ...packExtras(batch), ...batch.flatMap(withPart)];
}

/** Of simple executions nothing but id, budget and payload differs within a group. */
function packSimple(batch: readonly NewExecution[], { groups, groupOf }: Groups): string[] {
  const heads = groups.map(([queue, priority, taskId]) => `|${taskId}|${queue}|${priority}|`);
  const args = ['', '', '', JSON.stringify(groups), asCharacters(groupOf)];
  for (const [i, command] of batch.entries())
    args.push(command.executionId, `${heads[groupOf[i]! - 1]!}${boundsIn(command)}|||${command.payload ?? ''}`);
  return args;
}

function withPart(command: NewExecution): [string, string] {
  return [command.executionId, partOf(command)];
}

/** The arguments for a workflow that is not kept compact. */
export function packWorkflow(workflow: NewWorkflow, members: readonly NewExecution[]): string[] {
  return [workflow.workflowId, recordOf(workflow), ...packExtras(members), ...members.flatMap(withPart)];
}

/** The arguments of the script `startWorkflows`; null where they have too many kinds of members. */
export function packWorkflows(workflows: readonly CompactWorkflow[]): string[] | null {
  const found = groupsOf(...workflows.map((each) => each.members));
  if (!found) return null;
  const kinds: number[] = [];
  const args = [JSON.stringify(found.groups), ''];
  for (const { workflow, members, parts, waits } of workflows) {
    args.push(workflow.workflowId, recordOf(workflow), `${members.length}`);
    for (let i = 0; i < members.length; i++) {
      kinds.push(found.groupOf[kinds.length / 2]!, waits[i]!);
      args.push(members[i]!.executionId, parts[i]!);
    }
  }
  args[1] = asCharacters(kinds);
  return args;
}

function packExtras(batch: readonly NewExecution[]): string[] {
  return [JSON.stringify(extrasOf(batch)), '[]', ''];
}

interface Groups {
  /** Queue, level and task of executions, each mix once. */
  groups: [string, number, string][];
  /** The number of each one's group, from 1. */
  groupOf: number[];
}

/** null where there are too many. */
function groupsOf(...batches: readonly (readonly NewExecution[])[]): Groups | null {
  const groups: Groups['groups'] = [];
  const known = new Map<string, number>();
  const groupOf: number[] = [];
  let last: NewExecution | undefined;
  let index = 0;
  for (const batch of batches) {
    for (const each of batch) {
      const { queue, priority, taskId } = each;
      // Most stand behind one of the same group.
      if (last?.taskId !== taskId || last.priority !== priority || last.queue !== queue) {
        const name = `${queue}|${priority}|${taskId}`;
        index = known.get(name) ?? groups.push([queue, priority, taskId]);
        known.set(name, index);
      }
      last = each;
      groupOf.push(index);
    }
  }
  return groups.length <= MAX_GROUPS ? { groups, groupOf } : null;
}

/** Small numbers, each as one character of ASCII. */
function asCharacters(numbers: readonly number[]): string {
  return Buffer.from(numbers).toString('latin1');
}

/** What each has beside its record, by number in the batch, from 1. */
function extrasOf(batch: readonly NewExecution[]) {
  const extras: Record<string, object> = {};
  batch.forEach((command, i) => {
    const extra = extraOf(command);
    if (extra) extras[i + 1] = extra;
  });
  return extras;
}
