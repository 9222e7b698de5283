#!lua flags=allow-oom
-- Counts the next runs of queues with limits.
-- ARGV: context, operation   Returns: 1 | 0 (more runs remain), effects
-- @include verb
return commit(runCounts.step() and 0 or 1)
