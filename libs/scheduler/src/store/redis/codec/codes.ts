/** Codes in stored data and requests. `npm run build:engine` compiles this file to lua/codes.lua. No imports. */

/** Types of edges. */
export const EDGE = {
  success: 's',
  failure: 'f',
  completion: 'c',
  always: 'a',
} as const;

/** Kinds of settlements, and a success whose event the caller emits itself. */
export const SETTLEMENT = {
  complete: 'c',
  fail: 'f',
  retry: 'r',
  snooze: 's',
  release: 'l',
  cancel: 'x',
} as const;
export const COMPLETE_EMITTED = 'k';

/** Outcomes of a settlement. */
export const APPLIED = 'a';
export const STALE = 's';
export const DEFERRED = 'd';

/** Segments of settlements in the arguments of `exchange`. */
export const SIMPLE_SEGMENT = 'simple';
export const MEMBER_SEGMENT = 'member';
export const EACH_SEGMENT = 'each';

/** Bits: which events of a worker's own runs are among the effects of a reply. */
export const ENDS_EMITTED = 1;
export const STARTS_EMITTED = 2;

/** Flags of a record: more in `keys.extra`; edges, a workflow or a timeout; a member of a compact workflow. */
export const EXTRA_FLAG = 'x';
export const EDGES_FLAG = 'w';
export const MEMBER_FLAG = 'f';

/** First letters of a state that is not MessagePack. */
export const COMPLETED_STATE = 'C';
export const WAITING_STATE = 'O';

/** First letters of an entry of a run: without a state, and with one. */
export const SIMPLE_RUN = 'p';
export const STATEFUL_RUN = 's';

/** Last letters of a workflow's entry in history; of one whose executions all succeeded as compact members. */
export const WORKFLOW_ENTRY = 'w';
export const COMPACT_ENTRY = 'c';

/** The first letter of an operation id that belongs to a pipeline. */
export const PIPELINE_OPERATION = '=';

/** The kind of an effect that is an event of an execution. */
export const EXECUTION_EFFECT = 'x';

/** Statistics of a minute: how many completed and failed, and their total duration in ms. */
export const FIGURE = { completed: 'c', failed: 'f', duration: 'd' } as const;

/** Statuses in replies; one that is not stored. */
export const STATUS = {
  PENDING: 'P',
  RUNNING: 'R',
  RETRYING: 'T',
  COMPLETED: 'C',
  FAILED: 'F',
  CANCELLED: 'X',
  SKIPPED: 'K',
} as const;
export const NO_STATUS = '-';

/** Bits of the mask with the events that a node listens to. */
export const TRANSITION_BITS = {
  scheduled: 1,
  started: 2,
  completed: 4,
  failed: 8,
  retrying: 16,
  released: 32,
  rescued: 64,
  cancelled: 128,
  skipped: 256,
  reopened: 512,
  cancelRequested: 1024,
} as const;
