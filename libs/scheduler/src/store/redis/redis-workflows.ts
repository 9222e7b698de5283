import { LIST_NODES } from '../../core/limits.js';
import type { TaskStatus } from '../../core/status.js';
import type { Page, WorkflowInfo, WorkflowNodeInfo } from '../records.js';
import { toWorkflow } from '../views.js';
import { STATUS } from './codec/codes.js';
import { storedObject } from './codec/stored-json.js';
import type { ScriptArgument } from './connection/redis-connection.js';

type Query = <T>(script: string, ...args: ScriptArgument[]) => Promise<T>;

/** Nodes whose status one script reads. */
const NODES_PER_CALL = 250;
/** Workflows that one script reads. */
const WORKFLOWS_PER_CALL = 20;

const STATUSES: Readonly<Record<string, TaskStatus>> = Object.fromEntries(
  Object.entries(STATUS).map(([status, letter]) => [letter, status as TaskStatus]),
);

/** The JSON in a workflow's record, see `nodeOf`. */
interface WorkflowRecord {
  name: string;
  nodes: string[][];
}

interface WorkflowHeader {
  order: string;
  ids: string[];
  /** A letter for each node that has left history, written by an older release. */
  nodeEnds: string;
  info: WorkflowInfo;
}

/** Reads one workflow in bounded steps; its header first, so a workflow that has ended shows only ended nodes. */
export async function readWorkflow(query: Query, workflowId: string): Promise<WorkflowInfo | null> {
  const [head] = await readHeaders(query, workflowId, '', 1);
  if (head === undefined) return null;
  await fillStatuses(query, [head]);
  return head.info;
}

/** Reads a page of workflows, newest first. */
export async function readWorkflows(query: Query, limit: number, cursor = ''): Promise<Page<WorkflowInfo>> {
  const heads: WorkflowHeader[] = [];
  let nodes = 0;
  let isOver = false;
  for (let below = cursor; heads.length <= limit && !isOver;) {
    const count = Math.min(WORKFLOWS_PER_CALL, limit + 1 - heads.length);
    const found = await readHeaders(query, '', below, count);
    for (const head of found) {
      nodes += head.ids.length;
      isOver ||= heads.length > 0 && nodes > LIST_NODES;
      heads.push(head);
      below = head.order;
      if (isOver) break;
    }
    if (found.length === 0) break;
  }
  // The last one only shows that there are more.
  const page = heads.slice(0, isOver ? -1 : limit);
  await fillStatuses(query, page);
  return { items: page.map(({ info }) => info), nextCursor: heads.length > page.length ? page.at(-1)!.order : null };
}

async function readHeaders(query: Query, workflowId: string, below: string, limit: number): Promise<WorkflowHeader[]> {
  const flat = await query<string[]>('getWorkflows', workflowId, below, limit);
  const heads: WorkflowHeader[] = [];
  for (let i = 0; i < flat.length; i += 4)
    heads.push(headerOf(...(flat.slice(i, i + 4) as [string, string, string, string])));
  return heads;
}

/** Whether the displayed fields of a workflow's state are readable. */
const isState = (text: string): boolean => /^[A-Z]+\|\d+\|-?\d+\|/.test(text);

/** See includes/workflow.lua for both texts. A damaged workflow is still shown; its next transition repairs it. */
function headerOf(workflowId: string, order: string, state: string, record: string): WorkflowHeader {
  const [status, completed, open, , , , ends = ''] = (isState(state) ? state : 'RUNNING|0|1').split('|') as [
    ...[TaskStatus, string, string, ...string[]],
  ];
  const created = record.indexOf('|') + 1;
  const names = record.indexOf('|', created) + 1;
  const json = record.indexOf('|', names) + 1;
  const ids = record.slice(names, json - 1).split(',');
  const stored = namesOf(record.slice(json));
  return {
    order,
    ids: stored.nodes.length === 0 ? [] : ids,
    nodeEnds: /^[A-Z]*$/.test(ends) ? ends : '',
    info: toWorkflow({
      ...{ workflowId, name: stored.name, status, isOpen: Number(open) > 0 },
      createdTime: Number(record.slice(created, names - 1)) || 0,
      completedTime: Number(completed) || 0,
      nodes: stored.nodes.map((node, i) => nodeOf(node, ids[i]!)),
    }),
  };
}

/** Its name and nodes. */
function namesOf(text: string): WorkflowRecord {
  const stored = storedObject<WorkflowRecord>(text, 'name');
  const isNode = (node: unknown): boolean => Array.isArray(node) && node.every((part) => typeof part === 'string');
  const isReadable = stored !== null && Array.isArray(stored.nodes) && stored.nodes.every(isNode);
  return isReadable ? stored : { name: 'unreadable', nodes: [] };
}

/** A node: its ref and task, then ref and type of each upstream. */
function nodeOf([ref, taskId, ...edges]: readonly string[], executionId: string): WorkflowNodeInfo {
  const dependsOn: WorkflowNodeInfo['dependsOn'] = [];
  for (let i = 0; i < edges.length; i += 2)
    dependsOn.push({ ref: edges[i]!, type: edges[i + 1] as WorkflowNodeInfo['dependsOn'][number]['type'] });
  return { ref: ref!, executionId, taskId: taskId!, status: 'PENDING', dependsOn };
}

async function fillStatuses(query: Query, heads: readonly WorkflowHeader[]): Promise<void> {
  const nodes = heads.flatMap(({ info, nodeEnds }) => info.nodes.map((node, i) => ({ node, end: nodeEnds[i] })));
  for (let at = 0; at < nodes.length;) {
    const part = nodes.slice(at, at + NODES_PER_CALL);
    const letters = await query<string>('nodeStates', ...part.map(({ node }) => node.executionId));
    for (let i = 0; i < letters.length; i++) {
      const { node, end = '' } = part[i]!;
      // Neither stored nor dropped: it is not inserted yet.
      node.status = STATUSES[letters[i]!] ?? STATUSES[end] ?? 'PENDING';
    }
    at += letters.length;
  }
}
