#!lua flags=allow-oom
-- Ends claiming by this worker, and hand-overs to it.
-- ARGV: context, operation, workerId   Returns: 1 | 0 (unknown, or draining already), effects
-- @include verb
return commit(engine.worker.drain(tables, ARGV[3]) and 1 or 0)
