-- Generated from libs/scheduler/src/store/redis/codec/codes.ts by `npm run build:engine`. Do not edit.

local codes = {}
--- Types of edges.
codes.EDGE = {success = "s", failure = "f", completion = "c", always = "a"}
--- Kinds of settlements, and a success whose event the caller emits itself.
codes.SETTLEMENT = {
    complete = "c",
    fail = "f",
    retry = "r",
    snooze = "s",
    release = "l",
    cancel = "x"
}
codes.COMPLETE_EMITTED = "k"
--- Outcomes of a settlement.
codes.APPLIED = "a"
codes.STALE = "s"
codes.DEFERRED = "d"
--- Segments of settlements in the arguments of `exchange`.
codes.SIMPLE_SEGMENT = "simple"
codes.MEMBER_SEGMENT = "member"
codes.EACH_SEGMENT = "each"
--- Bits: which events of a worker's own runs are among the effects of a reply.
codes.ENDS_EMITTED = 1
codes.STARTS_EMITTED = 2
--- Flags of a record: more in `keys.extra`; edges, a workflow or a timeout; a member of a compact workflow.
codes.EXTRA_FLAG = "x"
codes.EDGES_FLAG = "w"
codes.MEMBER_FLAG = "f"
--- First letters of a state that is not MessagePack.
codes.COMPLETED_STATE = "C"
codes.WAITING_STATE = "O"
--- First letters of an entry of a run: without a state, and with one.
codes.SIMPLE_RUN = "p"
codes.STATEFUL_RUN = "s"
--- Last letters of a workflow's entry in history; of one whose executions all succeeded as compact members.
codes.WORKFLOW_ENTRY = "w"
codes.COMPACT_ENTRY = "c"
--- The first letter of an operation id that belongs to a pipeline.
codes.PIPELINE_OPERATION = "="
--- The kind of an effect that is an event of an execution.
codes.EXECUTION_EFFECT = "x"
--- Statistics of a minute: how many completed and failed, and their total duration in ms.
codes.FIGURE = {completed = "c", failed = "f", duration = "d"}
--- Statuses in replies; one that is not stored.
codes.STATUS = {
    PENDING = "P",
    RUNNING = "R",
    RETRYING = "T",
    COMPLETED = "C",
    FAILED = "F",
    CANCELLED = "X",
    SKIPPED = "K"
}
codes.NO_STATUS = "-"
--- Bits of the mask with the events that a node listens to.
codes.TRANSITION_BITS = {
    scheduled = 1,
    started = 2,
    completed = 4,
    failed = 8,
    retrying = 16,
    released = 32,
    rescued = 64,
    cancelled = 128,
    skipped = 256,
    reopened = 512,
    cancelRequested = 1024
}
