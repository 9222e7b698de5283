#!lua flags=allow-oom
-- Allows claims from the queue again.
-- ARGV: context, operation, queue   Returns: 1 | 0 (was not paused), effects
-- @include verb
return commit(engine.queue.resume(tables, queueTable.find(ARGV[3])) and 1 or 0)
