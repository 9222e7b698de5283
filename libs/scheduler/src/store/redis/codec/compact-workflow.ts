import type { NewEdge, NewExecution, NewWorkflow } from '../../../core/commands.js';
import { EDGE, MEMBER_FLAG } from './codes.js';
import { partOf } from './executions.js';

/** Members of a workflow that is kept compact, at most: its end looks at all of them in one script. */
export const MAX_MEMBERS = 200;
/** Edges of one member, in either direction, at most: they stand in its record. */
const MAX_TIES = 64;
/** What the list of ties is made of has no place in a name there. */
const PLAIN_NAME = /^\$?[\w.:-]+$/;

/** How the script stores it. */
export interface CompactWorkflow {
  workflow: NewWorkflow;
  members: readonly NewExecution[];
  /** Of each member its record. */
  parts: string[];
  /** How many edges each waits for. */
  waits: number[];
}

/**
 * The workflow with its members as compact ones (lua/includes/records.lua), or null where it asks for more than that: locks,
 * tags, timeouts, keys, delays, edges that lead outside or have a deadline, or too many of them.
 */
export function compactWorkflow(workflow: NewWorkflow, members: readonly NewExecution[]): CompactWorkflow | null {
  if (members.length === 0 || members.length > MAX_MEMBERS) return null;
  const placeOf = new Map<string, number>();
  for (const [i, member] of members.entries()) {
    if (!isModest(member)) return null;
    placeOf.set(member.executionId, i);
  }
  if (placeOf.size < members.length) return null;
  const waits = members.map(() => 0);
  const dependents = members.map(() => 0);
  const [upstreamTies, dependentTies] = [members.map(() => ''), members.map(() => '')];
  for (const [i, { executionId, edges }] of members.entries()) {
    for (const edge of edges ?? []) {
      const upstream = upstreamOf(edge);
      const place = upstream === null ? undefined : placeOf.get(upstream);
      if (place === undefined || ++waits[i]! > MAX_TIES || ++dependents[place]! > MAX_TIES) return null;
      const letter = EDGE[edge.type];
      upstreamTies[i] += `${waits[i] === 1 ? '' : ','}${upstream}=${letter}=${edge.ref}`;
      dependentTies[place] += `${dependents[place] === 1 ? '' : ','}${executionId}=${waits[i]}=${letter}`;
    }
  }
  const parts = members.map((member, i) => partOf(member, `${MEMBER_FLAG}${upstreamTies[i]};${dependentTies[i]}`));
  return { workflow, members, parts, waits };
}

function isModest({ executionId, scheduledTime, delay, lock, timeout, ttl, tags, idempotency }: NewExecution): boolean {
  const asked = scheduledTime ?? delay ?? lock ?? timeout ?? ttl ?? tags ?? idempotency;
  return asked === null && PLAIN_NAME.test(executionId);
}

/** Whom an edge leads to, or null where there is more to it. */
function upstreamOf({ ref, timeout, maxAge, bind }: NewEdge): string | null {
  if (timeout !== null || maxAge !== null || bind === 'newest' || !PLAIN_NAME.test(ref)) return null;
  return bind.executionId;
}
