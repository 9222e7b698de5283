/** Limits and step sizes of every store. They are the same so that all stores pass through the same states. */

/** Dependency edges resolved by one verb; the rest stays in the continuation. */
export const EDGES_PER_STEP = 100;
/** Delayed executions promoted by one step. */
export const PROMOTE_PER_STEP = 200;
/** Runs of lost or leaving workers recovered by one step, and overdue runs listed by one query. */
export const RESCUE_PER_STEP = 100;
/** Executions claimed by one exchange. */
export const CLAIM_PER_STEP = 250;
/** On a remote store a claim starts within so many ms or goes back, since the decision may be outdated. */
export const START_WITHIN_MS = 100;
/** The same where the event loop of a process is slow: less than the time after which an unnamed claim is taken back. */
export const START_LATE_WITHIN_MS = 1000;
/** Queue entries that one claim may inspect, or as many as it requests: parking one for its lock costs as much as a claim. */
export const INSPECT_FLOOR = 128;
/** Entries that a listing inspects before it returns a page and a cursor. */
export const LIST_SCAN = 10_000;
/** Characters of payloads, results, errors and logs after which a page of executions ends, with a cursor. */
export const LIST_SIZE = 8 * 1024 * 1024;
/** A page of workflows ends before it has more nodes, unless it has only one workflow. */
export const LIST_NODES = 20_000;

/** ms for which a free lock is reserved for an execution that could start. */
export const LOCK_RESERVED_MS = 1_000;
/** A wait of `acquire` is not granted if its process has not renewed it for so many ms. */
export const LOCK_WAIT_LAPSE_MS = 5_000;
/** Waits renewed by one call. */
export const LOCK_WAITS_PER_STEP = 200;
/** Waiters inspected by one step when a lock becomes free. */
export const LOCK_WAITERS_PER_STEP = 50;

/** Crashes after which the execution ends as FAILED / WORKER_LOST. */
export const MAX_CRASHES = 3;
/**
 * After so many crashes an execution is suspected of causing them: only one such runs at a time, so it ends no other
 * run.
 */
export const SUSPECT_CRASHES = MAX_CRASHES - 1;
/** How often RetryLaterError may postpone an execution: default, and maximum that a task can set. */
export const DEFAULT_SNOOZES = 100;
export const MAX_SNOOZES = 10_000;
/** ms for the promise of a retryIf. */
export const RETRY_IF_MS = 10_000;
/** Attempts kept of an execution, the newest. */
export const ATTEMPTS_KEPT = 10;
/** Log lines kept of an execution, the newest. */
export const LOG_LINES_KEPT = 100;
/** ms for which an idempotency key is remembered after scheduling. */
export const IDEMPOTENCY_MS = 24 * 3_600_000;
/**
 * A schedule or a queue's limits from code are removed when no live node of its app has declared them for so many ms.
 */
export const UNDECLARED_MS = 10 * 60_000;
/** ms without any call after which no node counts as live. Such time does not count for `UNDECLARED_MS`. */
export const UNATTENDED_MS = 60_000;
/** A rate limit counts the starts of so many parts of its span; a start stops counting at most one part late. */
export const RATE_PARTS = 50;
/** Executions that history drops at the end of one step. */
export const DROPS_PER_STEP = 250;
/** Those dropped by an exchange: more than it can end, so that a history made shorter gets there in time. */
export const DROPS_PER_EXCHANGE = 1_000;
/** Minutes with ends, the newest, for which statistics are kept. */
export const MINUTES_KEPT = 60;
/** Recent errors kept for health. */
export const RECENT_ERRORS_KEPT = 10;

export const MAX_PAYLOAD_BYTES = 256 * 1024;
export const MAX_RESULT_BYTES = 256 * 1024;
export const MAX_DEPTH = 32;
export const MAX_BATCH = 10_000;
export const MAX_WORKFLOW_NODES = 10_000;
export const MAX_WORKFLOW_EDGES = 50_000;
export const MAX_ERROR_MESSAGE = 4_096;
export const MAX_ERROR_STACK = 8_192;
export const MAX_TAGS = 16;

/** Executions queried for their end by one call. */
export const ENDED_PER_STEP = 200;
