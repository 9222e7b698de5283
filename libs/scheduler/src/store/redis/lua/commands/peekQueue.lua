#!lua flags=no-writes
-- The ids that would be claimed next, in order.
-- ARGV: frame, operation (none), queue, count   Returns: ids
-- @include look
local ids, count = {}, tonumber(ARGV[4])
for level = 0, 4 do
  for _, row in ipairs(inspect.ready(ARGV[3], level, count - #ids)) do
    ids[#ids + 1] = row.id
  end
end
return ids
