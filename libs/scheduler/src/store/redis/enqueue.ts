import type { NewExecution, NewWorkflow } from '../../core/commands.js';
import { textOf } from '../../core/payload.js';
import type { RunBudget } from '../../core/run-budget.js';
import { limitsText, extraOf, isSimple, recordBodyOf } from './codec/executions.js';
import type { CompactWorkflow } from './codec/compact-workflow.js';
import { recordOf } from './codec/workflows.js';

/** Maximum number of groups in a batch: the number of a group is one ASCII character. */
const MAX_GROUPS = 127;
/** Where the executions begin in the arguments. */
const FIRST_EXECUTION = 6;

/**
 * The arguments of the script `enqueue` for executions that belong to no workflow.
 * @param workerId the worker of this process, which may claim them; '': none
 */
export function packBatch(batch: readonly NewExecution[], workerId = ''): string[] {
  const simple = batch.every(isSimple) ? groupsOf(batch) : null;
  return simple ? packSimple(batch, simple, workerId) : ['', '', ...packExtras(batch), ...batch.flatMap(withPart)];
}

/**
 * The claims of the worker that `packBatch` named: number, execution and record of each, and their time.
 * @param reply of the script, if it says that the worker has claimed all of the batch
 */
export function claimsIn(reply: string, args: readonly string[]): { time: number; no: string; records: string[] } {
  const [time, no, before] = reply.split('|');
  const records: string[] = [];
  for (let i = FIRST_EXECUTION; i < args.length; i += 2)
    records.push(args[i]!, `${Number(before) + records.length / 2 + 1}|${time}|${time}|${args[i + 1]!}`);
  return { time: Number(time), no: no!, records };
}

/** Simple executions of a group differ only in id, budget and payload. */
function packSimple(batch: readonly NewExecution[], { groups, groupOf }: Groups, workerId: string): string[] {
  const heads = groups.map(([queue, priority, taskId]) => `|${taskId}|${queue}|${priority}|`);
  const args = ['', '', '', JSON.stringify(groups), asCharacters(groupOf), workerId];
  let [group, budget, head]: [number, RunBudget | null | undefined, string] = [0, null, ''];
  for (let i = 0; i < batch.length; i++) {
    const command = batch[i]!;
    // Neighbours usually have the same head.
    if (group !== groupOf[i] || budget !== command.budget) {
      group = groupOf[i]!;
      budget = command.budget;
      head = `${heads[group - 1]!}${limitsText(command)}|||`;
    }
    args.push(command.executionId, head + (textOf(command.payload) ?? ''));
  }
  return args;
}

function withPart(command: NewExecution): [string, string] {
  return [command.executionId, recordBodyOf(command)];
}

/** The arguments of the script `enqueue` for a workflow that is not compact. */
export function packWorkflow(workflow: NewWorkflow, members: readonly NewExecution[]): string[] {
  return [workflow.workflowId, recordOf(workflow), ...packExtras(members), ...members.flatMap(withPart)];
}

/** The arguments of the script `startWorkflows`; null: the members have too many groups. */
export function packWorkflows(workflows: readonly CompactWorkflow[]): string[] | null {
  const found = groupsOf(...workflows.map((each) => each.members));
  if (!found) return null;
  const kinds: number[] = [];
  const args = [JSON.stringify(found.groups), ''];
  for (const { workflow, members, recordBodies, edgeCounts } of workflows) {
    args.push(workflow.workflowId, recordOf(workflow), `${members.length}`);
    for (let i = 0; i < members.length; i++) {
      const edges = edgeCounts[i]!;
      kinds.push(found.groupOf[kinds.length / 3]!, edges >> 7, edges & 127);
      args.push(members[i]!.executionId, recordBodies[i]!);
    }
  }
  args[1] = asCharacters(kinds);
  return args;
}

function packExtras(batch: readonly NewExecution[]): string[] {
  return [JSON.stringify(extrasOf(batch)), '[]', '', ''];
}

interface Groups {
  /** The distinct combinations of queue, level and task. */
  groups: [string, number, string][];
  /** The group number of each execution, from 1. */
  groupOf: number[];
}

/** null: there are too many groups. */
function groupsOf(...batches: readonly (readonly NewExecution[])[]): Groups | null {
  const groups: Groups['groups'] = [];
  const known = new Map<string, number>();
  const groupOf: number[] = [];
  let last: NewExecution | undefined;
  let index = 0;
  for (const batch of batches) {
    for (const each of batch) {
      const { queue, priority, taskId } = each;
      // Neighbours usually have the same group.
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

/** Encodes numbers up to 127 as one ASCII character each. */
function asCharacters(numbers: readonly number[]): string {
  return Buffer.from(numbers).toString('latin1');
}

/** The options that are not in the record, by number in the batch, from 1. */
function extrasOf(batch: readonly NewExecution[]) {
  const extras: Record<string, object> = {};
  batch.forEach((command, i) => {
    const extra = extraOf(command);
    if (extra) extras[i + 1] = extra;
  });
  return extras;
}
