#!lua flags=allow-oom
-- The worker leaves; runs still held go back to the head of their queues.
-- ARGV: context, operation, workerId, how many runs go back at once   Returns: 1 | 0 (more are left: ask again), effects
-- @include verb
return commit(engine.worker.deregister(tables, ARGV[3], tonumber(ARGV[4])) and 1 or 0)
