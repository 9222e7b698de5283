#!lua flags=no-writes
-- The statuses of executions, one letter each, '-' for one that does not exist; of the first ones only if states are large.
-- ARGV: context, operation (none), ids...   Returns: letters
-- @include queries
local ids = {}
for i = 3, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
return table.concat(statuses.of(ids))
