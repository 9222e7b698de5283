import type { NewEdge, NewExecution, NewWorkflow } from '../../../core/commands.js';
import { partOf } from './executions.js';

/** Members of a workflow that is kept lean, at most: its end looks at all of them in one script. */
export const MAX_MEMBERS = 200;
/** Edges of one member, in either direction, at most: they stand in its record. */
const MAX_TIES = 64;
const LETTERS = { success: 's', failure: 'f', completion: 'c', always: 'a' } as const;
/** What the list of ties is made of has no place in a name there. */
const PLAIN_NAME = /^\$?[\w.:-]+$/;

/** How the script stores it. */
export interface LeanWorkflow {
  workflow: NewWorkflow;
  members: readonly NewExecution[];
  /** Of each member its record. */
  parts: string[];
  /** How many edges each waits for. */
  waits: number[];
}

/**
 * The workflow with its members as lean ones (lua/includes/links.lua), or null where it asks for more than that: locks,
 * tags, timeouts, keys, delays, edges that lead outside or have a deadline, or too many of them.
 */
export function leanWorkflow(workflow: NewWorkflow, members: readonly NewExecution[]): LeanWorkflow | null {
  if (members.length > MAX_MEMBERS || !members.every(isModest)) return null;
  const dependents = new Map<string, string[]>(members.map(({ executionId }) => [executionId, []]));
  if (dependents.size < members.length) return null;
  const upstreams = members.map(({ executionId, edges }) => {
    const ties: string[] = [];
    for (const edge of edges ?? []) {
      const tie = tieOf(edge);
      const ofUpstream = tie === null ? undefined : dependents.get(tie.upstream);
      if (tie === null || ofUpstream === undefined) return null;
      ofUpstream.push(`${executionId}=${ties.push(tie.text)}=${tie.letter}`);
    }
    return ties;
  });
  const waits: number[] = [];
  const parts: string[] = [];
  for (const [i, member] of members.entries()) {
    const ties = upstreams[i];
    const ofMember = dependents.get(member.executionId)!;
    if (!ties || ties.length > MAX_TIES || ofMember.length > MAX_TIES) return null;
    waits.push(ties.length);
    parts.push(partOf(member, `f${ties.join(',')};${ofMember.join(',')}`));
  }
  return { workflow, members, parts, waits };
}

function isModest({ executionId, scheduledTime, delay, lock, timeout, tags, idempotency }: NewExecution): boolean {
  const asked = scheduledTime ?? delay ?? lock ?? timeout ?? tags ?? idempotency;
  return asked === null && PLAIN_NAME.test(executionId);
}

function tieOf({
  ref,
  type,
  timeout,
  maxAge,
  bind,
}: NewEdge): { upstream: string; letter: string; text: string } | null {
  if (timeout !== null || maxAge !== null || bind === 'newest' || !PLAIN_NAME.test(ref)) return null;
  const letter = LETTERS[type];
  return { upstream: bind.executionId, letter, text: `${bind.executionId}=${letter}=${ref}` };
}
