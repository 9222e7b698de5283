import { TaskStatus } from '../../core/status.js';
import type { Place } from '../maps/rows.js';
import type { EdgeRecord, ExecutionRecord, WorkflowRecord } from './codec.js';

const STATUSES = new Set<unknown>(Object.values(TaskStatus));
const ALL_PLACES: readonly Place[] = [
  ...(['ready', 'delayed', 'dependencies', 'lock', 'unhandled'] as const),
  ...(['running', 'kept', 'history', 'gone'] as const),
];
const PLACES = new Set<unknown>(ALL_PLACES);
const STATES = new Set<unknown>(['open', 'held', 'broken', 'timedOut', 'dropped'] satisfies EdgeRecord['state'][]);

type Fields = Readonly<Record<string, unknown>>;

/** @throws Error naming the invalid field */
export function decodeExecution(body: string): ExecutionRecord {
  const record = fieldsOf(body);
  for (const name of ['executionId', 'taskId', 'queue']) check(name, record[name], isText);
  for (const name of ['createdTime', 'at']) check(name, record[name], Number.isFinite);
  check('status', record['status'], (each) => STATUSES.has(each));
  check('place', record['place'], (each) => PLACES.has(each));
  check('priority', record['priority'], (each) => Number.isInteger(each) && Number(each) >= 0 && Number(each) <= 4);
  return record as unknown as ExecutionRecord;
}

/** @throws Error naming the invalid field */
export function decodeWorkflow(body: string): WorkflowRecord {
  const record = fieldsOf(body);
  check('workflowId', record['workflowId'], isText);
  check('status', record['status'], (each) => STATUSES.has(each));
  check('nodes', record['nodes'], (nodes) => Array.isArray(nodes) && nodes.every(isNode));
  return record as unknown as WorkflowRecord;
}

/** @throws Error naming the invalid field */
export function decodeEdge(body: string): EdgeRecord {
  const record = fieldsOf(body);
  for (const name of ['taskId', 'ref', 'type']) check(name, record[name], isText);
  check('order', record['order'], Number.isFinite);
  check('state', record['state'], (each) => STATES.has(each));
  return record as unknown as EdgeRecord;
}

/** Decodes a row of the table `record`. @throws Error naming the invalid field */
export function decodeRecord(kind: string, body: string): unknown {
  const record = fieldsOf(body);
  if (kind !== 'schedule') return record;
  const schedule = (record['record'] ?? {}) as Fields;
  for (const name of ['id', 'taskId', 'cronExpression', 'timezone']) check(name, schedule[name], isText);
  return record;
}

function fieldsOf(body: string): Fields {
  const found = JSON.parse(body) as unknown;
  if (typeof found !== 'object' || found === null) throw new Error(`${body.slice(0, 40)} is not a record`);
  return found as Fields;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isNode(node: unknown): boolean {
  const { ref, execution } = (node ?? {}) as { ref?: unknown; execution?: { id?: unknown } };
  return isText(ref) && isText(execution?.id);
}

function check(name: string, value: unknown, isRight: (value: unknown) => boolean): void {
  if (!isRight(value)) throw new Error(`'${name}' is ${JSON.stringify(value)}`);
}
