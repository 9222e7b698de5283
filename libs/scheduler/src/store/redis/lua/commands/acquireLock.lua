#!lua flags=allow-oom
-- Grants the lock to a handle, or adds the handle to its waiters.
-- ARGV: context, operation, key, owner, ttl, maxWait   Returns: { key, owner, token, expiresAt } | 0, effects
-- @include verb
local grant = engine.lockHandles.acquire(tables, ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]))
return commit(grant and { grant.key, grant.owner, grant.fencingToken, grant.expiresAt } or 0)
