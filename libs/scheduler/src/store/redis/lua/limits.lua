-- Generated from libs/scheduler/src/core/limits.ts by `npm run build:engine`. Do not edit.

local limits = {}
--- Dependency edges resolved by one verb; the rest stands in the continuation.
limits.EDGES_PER_STEP = 100
--- Delayed executions made ready by one promotion.
limits.PROMOTE_PER_STEP = 200
--- Runs of dead workers, or of one that leaves, brought back by one step, and runs past their bound listed by one look.
limits.RESCUE_PER_STEP = 100
--- Executions claimed by one exchange.
limits.CLAIM_PER_STEP = 250
--- A claim of a store at a distance begins within so many ms, or goes back: what was decided then may no longer hold.
limits.START_WITHIN_MS = 100
--- Queue entries that one claim may look at, beyond four times what it wants.
limits.INSPECT_FLOOR = 128
--- Entries that a listing looks at before it returns a page and a cursor.
limits.LIST_SCAN = 10000
--- Characters of payloads, results and logs after which a page of executions ends, with a cursor.
limits.LIST_SIZE = 8 * 1024 * 1024
--- A page of workflows ends before it has more nodes, unless it has one workflow only.
limits.LIST_NODES = 20000
--- ms for which a free lock is reserved for an execution that could start.
limits.LOCK_RESERVED_MS = 1000
--- A wait of `acquire` that its process has not renewed for so many ms is not granted any more.
limits.LOCK_WAIT_LAPSE_MS = 5000
--- Waits that one call renews.
limits.LOCK_WAITS_PER_STEP = 200
--- Waiters that are looked at when a lock becomes free, before the next step.
limits.LOCK_WAITERS_PER_STEP = 50
--- A worker's crashes after which the run ends as FAILED / WORKER_LOST.
limits.MAX_CRASHES = 3
--- After so many crashes a run is suspected of them: a worker runs one such at a time, so that it takes no other to its end.
limits.SUSPECT_CRASHES = limits.MAX_CRASHES - 1
--- How often an execution may be put off by RetryLaterError, unless its task says otherwise; and what it may say.
limits.DEFAULT_SNOOZES = 100
limits.MAX_SNOOZES = 10000
--- ms that a retryIf which gives a promise has to answer.
limits.RETRY_IF_MS = 10000
--- Attempts kept in an execution's history, the newest.
limits.ATTEMPTS_KEPT = 10
--- Log lines kept of one execution, the newest.
limits.LOG_LINES_KEPT = 100
--- How long an idempotency key is remembered, from scheduling.
limits.IDEMPOTENCY_MS = 24 * 3600000
--- A schedule or a queue's limits that code declared go when no live node of its app has declared them for this long.
limits.UNDECLARED_MS = 10 * 60000
--- A rate limit counts the starts of so many parts of its span together: they leave it late by one part at the most.
limits.RATE_PARTS = 50
--- Minutes in which something ended, the newest, of which figures are kept.
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
--- Executions whose end is asked for in one call.
limits.ENDED_PER_STEP = 200
