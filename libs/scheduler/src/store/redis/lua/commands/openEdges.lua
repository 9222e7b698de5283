#!lua flags=no-writes
-- Dependencies that an execution still waits for, from one edge on.
-- ARGV: context, operation (none), executionId, edge   Returns: JSON: { dependencies, next edge or false }
-- @include queries
local row = rows.get(ARGV[3])
if not row or row.location ~= 'dependencies' then
  return cjson.encode({ {}, false })
end
local open, next = inspect.openEdges(row, tonumber(ARGV[4]))
return cjson.encode({ open, next })
