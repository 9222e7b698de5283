#!lua flags=allow-oom
-- Cancels a handle's wait for a lock.
-- ARGV: context, operation, key, owner   Returns: 1 | 0 (it was not waiting), effects
-- @include verb
return commit(engine.lockHandles.abandon(tables, ARGV[3], ARGV[4]) and 1 or 0)
