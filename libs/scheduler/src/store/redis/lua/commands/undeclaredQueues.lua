#!lua flags=no-writes
-- Some queues whose limits an app has not declared for too long, or of those that it has ever declared.
-- ARGV: context, operation (none), app, all that it has declared (1 | 0), place to go on from
-- Returns: { next place | '0', queues... }
-- @include queries
local next, names = queueTable.undeclared(ARGV[3], ARGV[4] == '1', ARGV[5])
table.insert(names, 1, next)
return names
