#!lua flags=no-writes
-- The view of one execution.
-- ARGV: context, operation (none), executionId   Returns: JSON | false
-- @include queries
local row = rows.get(ARGV[3])
return row and cjson.encode(inspect.view(row))
