#!lua flags=allow-oom
-- Frees a lock held by a handle, and gives it to the next in line.
-- ARGV: context, operation, key, owner, token   Returns: 1 | 0 (not the holder), effects
-- @include verb
local isReleased = engine.lockHandles.releaseHandle(tables, ARGV[3], ARGV[4], tonumber(ARGV[5]))
return commit(isReleased and 1 or 0)
