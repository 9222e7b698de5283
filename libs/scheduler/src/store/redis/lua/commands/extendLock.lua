#!lua flags=allow-oom
-- Renews a lock that a handle holds.
-- ARGV: context, operation, key, owner, token, ttl   Returns: 1 | 0 (not the holder), effects
-- @include verb
local token, ttl = tonumber(ARGV[5]), tonumber(ARGV[6])
return commit(engine.lockHandles.extendHandle(tables, ARGV[3], ARGV[4], token, ttl) and 1 or 0)
