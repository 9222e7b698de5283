#!lua flags=allow-oom
-- Stops claims by this worker, and direct dispatch to it.
-- ARGV: context, operation, workerId   Returns: 1 | 0 (unknown, or already draining), effects
-- @include verb
return commit(engine.worker.drain(tables, ARGV[3]) and 1 or 0)
