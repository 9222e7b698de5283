import { describe, expect, it } from '@jest/globals';
import { IllegalTransitionError } from './errors.js';
import { assertTransition, type From, isAllowed, targets, TRANSITIONS, VERBS } from './state-machine.js';
import { isTerminal, TaskStatus } from './status.js';

const STATUSES = Object.values(TaskStatus);
const FROMS: From[] = ['NEW', ...STATUSES];
/** Written out by hand: the table must not be its own witness. */
const ALLOWED = new Set([
  'enqueue NEW PENDING',
  'claim PENDING RUNNING',
  'claim RETRYING RUNNING',
  'complete RUNNING COMPLETED',
  'fail RUNNING FAILED',
  'retry RUNNING RETRYING',
  'release RUNNING PENDING',
  'rescue RUNNING PENDING',
  'rescue RUNNING FAILED',
  'cancel PENDING CANCELLED',
  'cancel RETRYING CANCELLED',
  'cancel RUNNING RUNNING',
  'finalizeCancel RUNNING CANCELLED',
  'skip PENDING SKIPPED',
  'expire PENDING FAILED',
  'expire RETRYING FAILED',
  'reopen FAILED PENDING',
  'reopen CANCELLED PENDING',
  'reopen SKIPPED PENDING',
]);
const EVERY = VERBS.flatMap((verb) => FROMS.flatMap((from) => STATUSES.map((to) => ({ verb, from, to }))));

describe('the state machine', () => {
  it('allows exactly the transitions of the table, for every verb and state', () => {
    expect(EVERY).toHaveLength(VERBS.length * 8 * 7);
    const allowed = EVERY.filter(({ verb, from, to }) => isAllowed(verb, from, to));
    expect(new Set(allowed.map(({ verb, from, to }) => `${verb} ${from} ${to}`))).toEqual(ALLOWED);
  });

  it('has a guard with the same result', () => {
    for (const { verb, from, to } of EVERY) {
      const guard = () => assertTransition(verb, from, to);
      if (isAllowed(verb, from, to)) expect(guard).not.toThrow();
      else expect(guard).toThrow(IllegalTransitionError);
    }
    expect(() => assertTransition('claim', 'COMPLETED', 'RUNNING')).toThrow(
      'claim: COMPLETED -> RUNNING is not a transition',
    );
  });

  it('leaves a terminal status by reopen only, and COMPLETED never', () => {
    for (const status of STATUSES.filter(isTerminal)) {
      const ways = VERBS.filter((verb) => targets(verb, status).length > 0);
      expect(ways).toEqual(status === 'COMPLETED' ? [] : ['reopen']);
    }
  });

  it('leads from NEW to every status, and from every other status to a terminal one', () => {
    const reach = (from: From): Set<From> => {
      const found = new Set<From>([from]);
      for (const at of found) for (const verb of VERBS) for (const to of targets(verb, at)) found.add(to);
      return found;
    };
    expect(reach('NEW')).toEqual(new Set(FROMS));
    for (const from of STATUSES) expect([...reach(from)].some((to) => to !== 'NEW' && isTerminal(to))).toBe(true);
  });

  it('has no verb without a transition', () => {
    for (const verb of VERBS) expect(Object.values(TRANSITIONS[verb]).flat().length).toBeGreaterThan(0);
  });
});
