#!lua flags=no-writes
-- The statuses of executions: a letter for each, '-' for one that is not there; fewer where their states are large.
-- ARGV: frame, operation (none), ids...   Returns: letters
-- @include look
local ids = {}
for i = 3, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
return table.concat(statuses.of(ids))
