#!lua flags=no-writes
-- The statuses of executions: a letter for each, '-' for one that is not there; fewer where their states are large.
-- ARGV: context, operation (none), ids...   Returns: letters
-- @include queries
local ids = {}
for i = 3, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
return table.concat(statuses.of(ids))
