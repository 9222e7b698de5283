#!lua flags=allow-oom
-- Releases a lock, whatever holds it.
-- ARGV: context, operation, key   Returns: 1 | 0 (was not held), effects
-- @include verb
return commit(engine.lockHandles.forceRelease(tables, ARGV[3]) and 1 or 0)
