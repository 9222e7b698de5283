#!lua flags=no-writes
-- Workflows, newest first, down from a number.
-- ARGV: frame, operation (none), number | '', limit   Returns: JSON texts, one more than asked for where there are more
-- @include look
local below = ARGV[3] ~= '' and '(' .. ARGV[3] or '+inf'
local found = {}
for _, id in ipairs(call('ZREVRANGEBYSCORE', keys.workflowOrder, below, '-inf', 'LIMIT', 0, tonumber(ARGV[4]) + 1)) do
  found[#found + 1] = cjson.encode(inspect.workflow(id))
end
return found
