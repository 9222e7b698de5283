#!lua flags=allow-oom
-- Removes a worker. Its remaining runs return to the heads of their queues.
-- ARGV: context, operation, workerId, maximum number of returned runs   Returns: 1 | 0 (runs remain: call again), effects
-- @include verb
return commit(engine.worker.deregister(tables, ARGV[3], tonumber(ARGV[4])) and 1 or 0)
