#!lua flags=no-writes
-- What idempotency keys have given.
-- ARGV: context, operation (none), then of each: executionId, task|key
-- Returns: of each: an execution and its fingerprint; '' twice where there is none; or, where the executionId is stored, it
--   and ''
-- @include queries
-- @include idempotency
local names = {}
for at = 3, #ARGV, 2 do
  names[#names + 1] = ARGV[at + 1]
end
local reply = {}
for i, earlier in ipairs(idempotency.find(names)) do
  local id = ARGV[2 * i + 1]
  if call('HEXISTS', keys.static, id) == 1 then
    earlier = { executionId = id, fingerprint = '' }
  end
  reply[2 * i - 1] = earlier and earlier.executionId or ''
  reply[2 * i] = earlier and earlier.fingerprint or ''
end
return reply
