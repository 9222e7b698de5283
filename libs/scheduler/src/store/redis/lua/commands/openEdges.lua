#!lua flags=no-writes
-- The open edges of an execution, from one index on.
-- ARGV: context, operation (none), executionId, index   Returns: JSON: { dependencies, next index or false }
-- @include queries
local row = rows.get(ARGV[3])
if not row or row.location ~= 'dependencies' then
  return cjson.encode({ {}, false })
end
local open, next = inspect.openEdges(row, tonumber(ARGV[4]))
return cjson.encode({ open, next })
