#!lua flags=no-writes
-- One workflow, or those below a number, newest first. nodeStates.lua reads the statuses of their members.
-- ARGV: context, operation (none), workflowId | '', number | '', limit
-- Returns: for each: id, number, state, record; fewer than `limit` if records are large, but at least one
-- @include keys
local MAX_BYTES = 1048576
-- Id and number of each.
local listed = { ARGV[3], '' }
if ARGV[3] == '' then
  local below = ARGV[4] ~= '' and '(' .. ARGV[4] or '+inf'
  listed =
    redis.call('ZREVRANGEBYSCORE', keys.workflowOrder, below, '-inf', 'WITHSCORES', 'LIMIT', 0, tonumber(ARGV[5]))
end
local found, bytes = {}, 0
for i = 1, #listed, 2 do
  local id = listed[i]
  local state = redis.call('HGET', keys.workflowStates, id)
  local record = state and redis.call('HGET', keys.workflows, id)
  if record then
    found[#found + 1] = id
    found[#found + 1] = listed[i + 1]
    found[#found + 1] = state
    found[#found + 1] = record
    bytes = bytes + #record
  end
  if bytes > MAX_BYTES then
    break
  end
end
return found
