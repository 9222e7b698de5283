#!lua flags=no-writes
-- Executions of idempotency keys.
-- ARGV: context, operation (none), then for each: executionId, task|key
-- Returns: for each: execution and fingerprint; '' and '' if the key is unused; the executionId and '' if that execution is
--   stored
-- @include queries
-- @include idempotency
local names = {}
for at = 3, #ARGV, 2 do
  names[#names + 1] = ARGV[at + 1]
end
local reply = {}
for i, stored in ipairs(idempotency.find(names)) do
  local id = ARGV[2 * i + 1]
  if call('HEXISTS', keys.static, id) == 1 then
    stored = { executionId = id, fingerprint = '' }
  end
  reply[2 * i - 1] = stored and stored.executionId or ''
  reply[2 * i] = stored and stored.fingerprint or ''
end
return reply
