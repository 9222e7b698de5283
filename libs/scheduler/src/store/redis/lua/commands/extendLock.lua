#!lua flags=allow-oom
-- Renews a lock held by a handle.
-- ARGV: frame, operation, key, owner, token, ttl   Returns: 1 | 0 (not the holder), effects
-- @include verb
return commit(lock.extendHandle(ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])) and 1 or 0)
