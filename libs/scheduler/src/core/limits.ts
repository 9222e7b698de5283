/** Bounds and step sizes that every store keeps, so that all of them pass through the same states. */

/** Dependency edges resolved by one verb; the rest stands in the continuation. */
export const EDGES_PER_STEP = 100;
/** Delayed executions made ready by one promotion. */
export const PROMOTE_PER_STEP = 200;
/** Runs of dead workers, or of one that leaves, brought back by one step, and runs past their bound listed by one look. */
export const RESCUE_PER_STEP = 100;
/** Executions claimed by one exchange. */
export const CLAIM_PER_STEP = 250;
/** A claim of a store at a distance begins within so many ms, or goes back: what was decided then may no longer hold. */
export const START_WITHIN_MS = 100;
/** Queue entries that one claim may look at, beyond four times what it wants. */
export const INSPECT_FLOOR = 128;
/** Entries that a listing looks at before it returns a page and a cursor. */
export const LIST_SCAN = 10_000;
/** Characters of payloads, results and logs after which a page of executions ends, with a cursor. */
export const LIST_SIZE = 8 * 1024 * 1024;
/** A page of workflows ends before it has more nodes, unless it has one workflow only. */
export const LIST_NODES = 20_000;

/** ms for which a free lock is reserved for an execution that could start. */
export const LOCK_RESERVED_MS = 1_000;
/** A wait of `acquire` that its process has not renewed for so many ms is not granted any more. */
export const LOCK_WAIT_LAPSE_MS = 5_000;
/** Waits that one call renews. */
export const LOCK_WAITS_PER_STEP = 200;
/** Waiters that are looked at when a lock becomes free, before the next step. */
export const LOCK_WAITERS_PER_STEP = 50;

/** A worker's crashes after which the run ends as FAILED / WORKER_LOST. */
export const MAX_CRASHES = 3;
/** After so many crashes a run is suspected of them: a worker runs one such at a time, so that it takes no other to its end. */
export const SUSPECT_CRASHES = MAX_CRASHES - 1;
/** How often an execution may be put off by RetryLaterError, unless its task says otherwise; and what it may say. */
export const DEFAULT_SNOOZES = 100;
export const MAX_SNOOZES = 10_000;
/** ms that a retryIf which gives a promise has to answer. */
export const RETRY_IF_MS = 10_000;
/** Attempts kept in an execution's history, the newest. */
export const ATTEMPTS_KEPT = 10;
/** Log lines kept of one execution, the newest. */
export const LOG_LINES_KEPT = 100;
/** How long an idempotency key is remembered, from scheduling. */
export const IDEMPOTENCY_MS = 24 * 3_600_000;
/** A schedule or a queue's limits that code declared go when no live node of its app has declared them for this long. */
export const UNDECLARED_MS = 10 * 60_000;
/** A rate limit counts the starts of so many parts of its span together: they leave it late by one part at the most. */
export const RATE_PARTS = 50;
/** Minutes in which something ended, the newest, of which figures are kept. */
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

/** Executions whose end is asked for in one call. */
export const ENDED_PER_STEP = 200;
