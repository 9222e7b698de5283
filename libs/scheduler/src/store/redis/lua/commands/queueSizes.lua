#!lua flags=no-writes
-- The number of ready executions by level, summed over some queues.
-- ARGV: context, operation (none), queues...   Returns: five numbers
-- @include queries
local total = { 0, 0, 0, 0, 0 }
for i = 3, #ARGV do
  for level = 0, 4 do
    total[level + 1] = total[level + 1] + readyTable.size(ARGV[i], level)
  end
end
return total
