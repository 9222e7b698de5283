import { DEFAULT_SNOOZES } from './limits.js';
import { RetryStrategy, type ResolvedRetry } from './retry.js';
import type { ResolvedTask } from './task-definition.js';

/**
 * How often an execution may run again. Decided when it is scheduled and stored with it, so that releases of an app
 * with different settings treat it alike. Text, opaque to every store: '' for no retry and the default of snoozes;
 * otherwise `strategy,maxAttempts,initialDelay,maxDelay,multiplier,jitter,snoozes`, or `-,snoozes` without retry.
 */
export type RunBudget = string;

const LETTERS = { EXPONENTIAL: 'E', LINEAR: 'L', FIXED: 'F', NONE: 'N' } as const satisfies Record<
  RetryStrategy,
  string
>;
const JITTERS = { true: '1', false: '0', full: 'f' } as const;

/** Budget of each task, computed once. */
const budgets = new WeakMap<ResolvedTask, RunBudget>();

export function budgetOf(task: ResolvedTask): RunBudget {
  let budget = budgets.get(task);
  if (budget === undefined) budgets.set(task, (budget = write(task)));
  return budget;
}

function write({ retry, maxSnoozes }: ResolvedTask): RunBudget {
  if (retry === null) return maxSnoozes === DEFAULT_SNOOZES ? '' : `-,${maxSnoozes}`;
  const { strategy, maxAttempts, initialDelay, maxDelay, backoffMultiplier, jitter } = retry;
  const letters = [LETTERS[strategy], maxAttempts, initialDelay, maxDelay, backoffMultiplier];
  return [...letters, JITTERS[`${jitter}`], maxSnoozes].join(',');
}

/** The remaining budget of a run. */
export interface Allowance {
  retry: ResolvedRetry | null;
  maxSnoozes: number;
}

/**
 * @param budget null: the execution was stored without one, and the task's current settings apply
 * @param task the definition of this process, whose retryIf applies; undefined: it has none
 */
export function allowanceOf(budget: RunBudget | null, task: ResolvedTask | undefined): Allowance {
  const today: Allowance = { retry: task?.retry ?? null, maxSnoozes: task?.maxSnoozes ?? DEFAULT_SNOOZES };
  if (budget === null) return today;
  if (budget === '') return { retry: null, maxSnoozes: DEFAULT_SNOOZES };
  const fields = budget.split(',');
  if (fields[0] === '-') return { retry: null, maxSnoozes: Number(fields[1]) };
  const strategy = Object.values(RetryStrategy).find((each) => LETTERS[each] === fields[0]);
  const [maxAttempts, initialDelay, maxDelay, backoffMultiplier] = fields.slice(1, 5).map(Number) as [
    ...[number, number, number, number],
  ];
  const maxSnoozes = Number(fields[6]);
  const figures = [maxAttempts, initialDelay, maxDelay, backoffMultiplier, maxSnoozes];
  // Written by a release with another format.
  if (strategy === undefined || fields.length < 7 || !figures.every(Number.isFinite)) return today;
  const jitter = fields[5] === JITTERS.full ? 'full' : fields[5] === JITTERS.true;
  const retryIf = task?.retry?.retryIf ?? null;
  return {
    retry: { strategy, maxAttempts, initialDelay, maxDelay, backoffMultiplier, jitter, retryIf },
    maxSnoozes,
  };
}
