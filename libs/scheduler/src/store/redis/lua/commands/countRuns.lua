#!lua flags=allow-oom
-- Counts further runs of queues with limits.
-- ARGV: context, operation   Returns: 1 | 0 (more are left), effects
-- @include verb
return commit(runCounts.step() and 0 or 1)
