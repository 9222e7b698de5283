#!lua flags=allow-oom
-- Repeats the requests of waiting handles for their locks.
-- ARGV: context, operation (none), then for each handle: key, owner, ttl, maxWait
-- Returns: { for each granted lock: { key, owner, token, expiresAt } }, effects
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
