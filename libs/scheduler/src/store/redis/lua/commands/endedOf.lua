#!lua flags=no-writes
-- Those of these executions that have ended or do not exist.
-- ARGV: context, operation (none), ids (at most 200)   Returns: ids
-- @include keys
-- @include context
-- @include records
local ended = {}
local states = readAll('HMGET', keys.state, ARGV, 3)
for i, state in ipairs(states) do
  local id = ARGV[i + 2]
  local hasEnded
  if not state then
    hasEnded = call('HEXISTS', keys.static, id) == 0
  else
    hasEnded = fields.TERMINAL[fields.statusOf(state)]
  end
  if hasEnded then
    ended[#ended + 1] = id
  end
end
return ended
