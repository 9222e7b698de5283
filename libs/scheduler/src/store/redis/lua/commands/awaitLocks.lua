#!lua flags=allow-oom
-- Asks again for locks, each for a handle that waits.
-- ARGV: context, operation (none), then of each: key, owner, ttl, maxWait
-- Returns: { of each that holds its lock: { key, owner, token, expiresAt } }, effects
-- @include verb
local grants = {}
for i = 3, #ARGV, 4 do
  local ttl, maxWait = tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3])
  local grant = engine.lockHandles.acquire(tables, ARGV[i], ARGV[i + 1], ttl, maxWait)
  if grant then
    grants[#grants + 1] = { grant.key, grant.owner, grant.fencingToken, grant.expiresAt }
  end
end
return commit(grants)
