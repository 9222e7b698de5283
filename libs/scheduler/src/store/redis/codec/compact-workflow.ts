import type { NewEdge, NewExecution, NewWorkflow } from '../../../core/commands.js';
import { EDGE, MEMBER_FLAG } from './codes.js';
import { recordBodyOf } from './executions.js';

/** Maximum number of members of a compact workflow: one script stores all of them, and its end reads all of them. */
export const MAX_MEMBERS = 1000;
/** Maximum number of its edges, which are stored in the records. */
const MAX_EDGES = 4000;
/** Maximum number of edges from a member to its dependents: its state may contain them. */
const MAX_DEPENDENTS = 64;
/** Names without the separators of the edge list. */
const SAFE_NAME = /^\$?[\w.:-]+$/;

/** A workflow as the script stores it. */
export interface CompactWorkflow {
  workflow: NewWorkflow;
  members: readonly NewExecution[];
  /** The record body of each member. */
  recordBodies: string[];
  /** The number of upstreams of each member. */
  edgeCounts: number[];
}

/**
 * Encodes a compact workflow, see lua/includes/records.lua. null: it cannot be compact, as it has locks, tags, timeouts,
 * idempotency keys, delays, edges to outside or with a deadline, or too many edges.
 */
export function compactWorkflow(workflow: NewWorkflow, members: readonly NewExecution[]): CompactWorkflow | null {
  if (members.length === 0 || members.length > MAX_MEMBERS) return null;
  const placeOf = new Map<string, number>();
  for (const [i, member] of members.entries()) {
    if (!fitsRecord(member)) return null;
    placeOf.set(member.executionId, i);
  }
  if (placeOf.size < members.length) return null;
  let edgeCount = 0;
  const edgeCounts = members.map(() => 0);
  const dependents = members.map(() => 0);
  const [upstreamTexts, dependentTexts] = [members.map(() => ''), members.map(() => '')];
  for (const [i, { executionId, edges }] of members.entries()) {
    for (const edge of edges ?? []) {
      const upstream = upstreamOf(edge);
      const place = upstream === null ? undefined : placeOf.get(upstream);
      if (place === undefined || ++edgeCount > MAX_EDGES) return null;
      edgeCounts[i]!++;
      if (++dependents[place]! > MAX_DEPENDENTS) return null;
      const letter = EDGE[edge.type];
      upstreamTexts[i] += `${edgeCounts[i] === 1 ? '' : ','}${upstream}=${letter}=${edge.ref}`;
      dependentTexts[place] += `${dependents[place] === 1 ? '' : ','}${executionId}=${edgeCounts[i]}=${letter}`;
    }
  }
  const recordBodies = members.map((member, i) =>
    recordBodyOf(member, `${MEMBER_FLAG}${upstreamTexts[i]};${dependentTexts[i]}`),
  );
  return { workflow, members, recordBodies, edgeCounts };
}

function fitsRecord({
  executionId,
  scheduledTime,
  delay,
  lock,
  timeout,
  ttl,
  tags,
  idempotency,
}: NewExecution): boolean {
  const option = scheduledTime ?? delay ?? lock ?? timeout ?? ttl ?? tags ?? idempotency;
  return option === null && SAFE_NAME.test(executionId);
}

/** The upstream of an edge, or null if the edge cannot be stored in a record. */
function upstreamOf({ ref, timeout, maxAge, bind }: NewEdge): string | null {
  if (timeout !== null || maxAge !== null || bind === 'newest' || !SAFE_NAME.test(ref)) return null;
  return bind.executionId;
}
