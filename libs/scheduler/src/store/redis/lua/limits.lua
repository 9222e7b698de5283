-- Generated from libs/scheduler/src/core/limits.ts by `npm run build:engine`. Do not edit.

local limits = {}
--- Dependency edges resolved by one verb; the rest stays in the continuation.
limits.EDGES_PER_STEP = 100
--- Delayed executions promoted by one step.
limits.PROMOTE_PER_STEP = 200
--- Runs of lost or leaving workers recovered by one step, and overdue runs listed by one query.
limits.RESCUE_PER_STEP = 100
--- Executions claimed by one exchange.
limits.CLAIM_PER_STEP = 250
--- On a remote store a claim starts within so many ms or goes back, since the decision may be outdated.
limits.START_WITHIN_MS = 100
--- The same where the event loop of a process is slow: less than the time after which an unnamed claim is taken back.
limits.START_LATE_WITHIN_MS = 1000
--- Queue entries that one claim may inspect, or as many as it requests: parking one for its lock costs as much as a claim.
limits.INSPECT_FLOOR = 128
--- Entries that a listing inspects before it returns a page and a cursor.
limits.LIST_SCAN = 10000
--- Characters of payloads, results, errors and logs after which a page of executions ends, with a cursor.
limits.LIST_SIZE = 8 * 1024 * 1024
--- A page of workflows ends before it has more nodes, unless it has only one workflow.
limits.LIST_NODES = 20000
--- ms for which a free lock is reserved for an execution that could start.
limits.LOCK_RESERVED_MS = 1000
--- A wait of `acquire` is not granted if its process has not renewed it for so many ms.
limits.LOCK_WAIT_LAPSE_MS = 5000
--- Waits renewed by one call.
limits.LOCK_WAITS_PER_STEP = 200
--- Waiters inspected by one step when a lock becomes free.
limits.LOCK_WAITERS_PER_STEP = 50
--- Crashes after which the execution ends as FAILED / WORKER_LOST.
limits.MAX_CRASHES = 3
--- After so many crashes an execution is suspected of causing them: only one such runs at a time, so it ends no other
-- run.
limits.SUSPECT_CRASHES = limits.MAX_CRASHES - 1
--- How often RetryLaterError may postpone an execution: default, and maximum that a task can set.
limits.DEFAULT_SNOOZES = 100
limits.MAX_SNOOZES = 10000
--- ms for the promise of a retryIf.
limits.RETRY_IF_MS = 10000
--- Attempts kept of an execution, the newest.
limits.ATTEMPTS_KEPT = 10
--- Log lines kept of an execution, the newest.
limits.LOG_LINES_KEPT = 100
--- ms for which an idempotency key is remembered after scheduling.
limits.IDEMPOTENCY_MS = 24 * 3600000
--- A schedule or a queue's limits from code are removed when no live node of its app has declared them for so many ms.
limits.UNDECLARED_MS = 10 * 60000
--- ms without any call after which no node counts as live. Such time does not count for `UNDECLARED_MS`.
limits.UNATTENDED_MS = 60000
--- A rate limit counts the starts of so many parts of its span; a start stops counting at most one part late.
limits.RATE_PARTS = 50
--- Executions that history drops at the end of one step.
limits.DROPS_PER_STEP = 250
--- Those dropped by an exchange: more than it can end, so that a history made shorter gets there in time.
limits.DROPS_PER_EXCHANGE = 1000
--- Minutes with ends, the newest, for which statistics are kept.
limits.MINUTES_KEPT = 60
--- Recent errors kept for health.
limits.RECENT_ERRORS_KEPT = 10
limits.MAX_PAYLOAD_BYTES = 256 * 1024
limits.MAX_RESULT_BYTES = 256 * 1024
limits.MAX_DEPTH = 32
limits.MAX_BATCH = 10000
limits.MAX_WORKFLOW_NODES = 10000
limits.MAX_WORKFLOW_EDGES = 50000
limits.MAX_ERROR_MESSAGE = 4096
limits.MAX_ERROR_STACK = 8192
limits.MAX_TAGS = 16
--- Executions queried for their end by one call.
limits.ENDED_PER_STEP = 200
