#!lua flags=allow-oom
-- Takes the lock for a handle, or queues for it.
-- ARGV: context, operation, key, owner, ttl, maxWait   Returns: { key, owner, token, expiresAt } | 0, effects
-- @include verb
local grant = engine.lockHandles.acquire(tables, ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]))
return commit(grant and { grant.key, grant.owner, grant.fencingToken, grant.expiresAt } or 0)
