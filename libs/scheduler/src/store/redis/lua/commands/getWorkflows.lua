#!lua flags=no-writes
-- Workflows as they are kept: one, or those below a number, newest first. Their nodes are read by nodeStates.
-- ARGV: frame, operation (none), workflowId | '', number | '', how many
-- Returns: id, how it stands, its record, ...; fewer than asked for where they are large, but one at least
-- @include keys
local MAX_BYTES = 1048576
local ids = { ARGV[3] }
if ARGV[3] == '' then
  local below = ARGV[4] ~= '' and '(' .. ARGV[4] or '+inf'
  ids = redis.call('ZREVRANGEBYSCORE', keys.workflowOrder, below, '-inf', 'LIMIT', 0, tonumber(ARGV[5]))
end
local found, bytes = {}, 0
for _, id in ipairs(ids) do
  local state = redis.call('HGET', keys.workflowStates, id)
  local record = state and redis.call('HGET', keys.workflows, id)
  if record then
    found[#found + 1] = id
    found[#found + 1] = state
    found[#found + 1] = record
    bytes = bytes + #record
  end
  if bytes > MAX_BYTES then
    break
  end
end
return found
