#!lua flags=allow-oom
-- Takes back a wait for a lock.
-- ARGV: context, operation, key, owner   Returns: 1 | 0 (was not waiting), effects
-- @include verb
return commit(engine.lockHandles.abandon(tables, ARGV[3], ARGV[4]) and 1 or 0)
