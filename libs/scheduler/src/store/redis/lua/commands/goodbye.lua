#!lua flags=allow-oom
-- The worker leaves; runs still held go back to the head of their queues.
-- ARGV: frame, operation, workerId   Returns: 1, effects
-- @include verb
worker.goodbye(ARGV[3])
return commit(1)
