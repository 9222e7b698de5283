#!lua flags=allow-oom
-- Takes the lock for a handle, or queues for it.
-- ARGV: frame, operation, key, owner, ttl, maxWait   Returns: { key, owner, token, expiresAt } | 0, effects
-- @include verb
return commit(lock.acquire(ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])) or 0)
