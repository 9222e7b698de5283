#!lua flags=no-writes
-- The ids that would be claimed next, in order, from a position on.
-- ARGV: context, operation (none), queue, count, level, position in it   Returns: { next level or '', next position, ids...
--   }
-- @include queries
local ENTRIES_EXAMINED = 500
local count, first = tonumber(ARGV[4]), tonumber(ARGV[5])
local reply, from = { '', '0' }, tonumber(ARGV[6])
for level = first, 4 do
  local found, next = inspect.ready(ARGV[3], level, count - (#reply - 2), from, ENTRIES_EXAMINED)
  for _, row in ipairs(found) do
    reply[#reply + 1] = row.id
  end
  from = 0
  if next and #reply - 2 < count then
    reply[1], reply[2] = tostring(level), tostring(next)
    break
  end
end
return reply
