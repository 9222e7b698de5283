#!lua flags=no-writes
-- Executions ready to be claimed, by level, of some queues together; without names: the names of all.
-- ARGV: frame, operation (none), queues...   Returns: five numbers | names
-- @include look
if #ARGV == 2 then
  return call('HKEYS', keys.queues)
end
local total = { 0, 0, 0, 0, 0 }
for i = 3, #ARGV do
  for level = 0, 4 do
    total[level + 1] = total[level + 1] + readyTable.size(ARGV[i], level)
  end
end
return total
