import { LIST_NODES } from '../../core/limits.js';
import type { TaskStatus } from '../../core/status.js';
import type { Page, WorkflowInfo, WorkflowNodeInfo } from '../records.js';
import { toWorkflow } from '../views.js';
import { STATUS } from './codec/codes.js';
import { storedObject } from './codec/stored-json.js';
import type { ScriptArgument } from './connection/redis-connection.js';

type Look = <T>(script: string, ...args: ScriptArgument[]) => Promise<T>;

/** Nodes of which one script reads the statuses. */
const NODES_AT_ONCE = 250;
/** Workflows that one script reads. */
const WORKFLOWS_AT_ONCE = 20;

const STATUSES: Readonly<Record<string, TaskStatus>> = Object.fromEntries(
  Object.entries(STATUS).map(([status, letter]) => [letter, status as TaskStatus]),
);

/** What a workflow's record says of its nodes, see `nodeOf`. */
interface About {
  name: string;
  nodes: string[][];
}

interface Head {
  order: string;
  ids: string[];
  /** A letter for each node that has left, by an older release. */
  ends: string;
  info: WorkflowInfo;
}

/** One workflow, put together of bounded reads; its head first, so that one that has ended shows ended nodes. */
export async function readWorkflow(look: Look, workflowId: string): Promise<WorkflowInfo | null> {
  const [head] = await readHeads(look, workflowId, '', 1);
  if (head === undefined) return null;
  await fillStatuses(look, [head]);
  return head.info;
}

/** A page of workflows, newest first. */
export async function readWorkflows(look: Look, limit: number, cursor = ''): Promise<Page<WorkflowInfo>> {
  const heads: Head[] = [];
  let nodes = 0;
  let isOver = false;
  for (let below = cursor; heads.length <= limit && !isOver;) {
    const asked = Math.min(WORKFLOWS_AT_ONCE, limit + 1 - heads.length);
    const found = await readHeads(look, '', below, asked);
    for (const head of found) {
      nodes += head.ids.length;
      isOver ||= heads.length > 0 && nodes > LIST_NODES;
      heads.push(head);
      below = head.order;
      if (isOver) break;
    }
    if (found.length === 0) break;
  }
  // The last one is only known to be there.
  const page = heads.slice(0, isOver ? -1 : limit);
  await fillStatuses(look, page);
  return { items: page.map(({ info }) => info), nextCursor: heads.length > page.length ? page.at(-1)!.order : null };
}

async function readHeads(look: Look, workflowId: string, below: string, limit: number): Promise<Head[]> {
  const flat = await look<string[]>('getWorkflows', workflowId, below, limit);
  const heads: Head[] = [];
  for (let i = 0; i < flat.length; i += 4)
    heads.push(headOf(...(flat.slice(i, i + 4) as [string, string, string, string])));
  return heads;
}

/** Whether a text is a workflow's state, as far as it is shown. */
const isState = (text: string): boolean => /^[A-Z]+\|\d+\|-?\d+\|/.test(text);

/** See includes/workflow.lua for the two texts. One that cannot be read is shown all the same: its next transition repairs it. */
function headOf(workflowId: string, order: string, state: string, record: string): Head {
  const [status, completed, open, , , , ends = ''] = (isState(state) ? state : 'RUNNING|0|1').split('|') as [
    ...[TaskStatus, string, string, ...string[]],
  ];
  const created = record.indexOf('|') + 1;
  const names = record.indexOf('|', created) + 1;
  const json = record.indexOf('|', names) + 1;
  const ids = record.slice(names, json - 1).split(',');
  const about = storedObject<About>(record.slice(json), 'name') ?? { name: 'unreadable', nodes: [] };
  return {
    order,
    ids: about.nodes.length === 0 ? [] : ids,
    ends: /^[A-Z]*$/.test(ends) ? ends : '',
    info: toWorkflow({
      ...{ workflowId, name: about.name, status, isOpen: Number(open) > 0 },
      createdTime: Number(record.slice(created, names - 1)) || 0,
      completedTime: Number(completed) || 0,
      nodes: about.nodes.map((node, i) => nodeOf(node, ids[i]!)),
    }),
  };
}

/** Of each: its ref and task, then ref and type of whatever it depends on. */
function nodeOf([ref, taskId, ...edges]: readonly string[], executionId: string): WorkflowNodeInfo {
  const dependsOn: WorkflowNodeInfo['dependsOn'] = [];
  for (let i = 0; i < edges.length; i += 2)
    dependsOn.push({ ref: edges[i]!, type: edges[i + 1] as WorkflowNodeInfo['dependsOn'][number]['type'] });
  return { ref: ref!, executionId, taskId: taskId!, status: 'PENDING', dependsOn };
}

async function fillStatuses(look: Look, heads: readonly Head[]): Promise<void> {
  const nodes = heads.flatMap(({ info, ends }) => info.nodes.map((node, i) => ({ node, end: ends[i] })));
  for (let at = 0; at < nodes.length;) {
    const part = nodes.slice(at, at + NODES_AT_ONCE);
    const letters = await look<string>('nodeStates', ...part.map(({ node }) => node.executionId));
    for (let i = 0; i < letters.length; i++) {
      const { node, end = '' } = part[i]!;
      // Neither there nor gone: it is still to be admitted.
      node.status = STATUSES[letters[i]!] ?? STATUSES[end] ?? 'PENDING';
    }
    at += letters.length;
  }
}
