#!lua flags=no-writes
-- A page of queues whose limits the app has not declared for too long, or (with `all`) of those that it has ever declared.
-- ARGV: context, operation (none), app, all (1 | 0), cursor
-- Returns: { next cursor | '0', queues... }
-- @include queries
local next, names = queueTable.undeclared(ARGV[3], ARGV[4] == '1', ARGV[5])
table.insert(names, 1, next)
return names
