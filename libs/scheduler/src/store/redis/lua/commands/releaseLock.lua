#!lua flags=allow-oom
-- Releases a lock that a handle holds, and grants it to the next waiter.
-- ARGV: context, operation, key, owner, token   Returns: 1 | 0 (not the holder), effects
-- @include verb
local isReleased = engine.lockHandles.releaseHandle(tables, ARGV[3], ARGV[4], tonumber(ARGV[5]))
return commit(isReleased and 1 or 0)
