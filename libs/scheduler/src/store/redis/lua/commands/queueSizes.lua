#!lua flags=no-writes
-- Executions ready to be claimed, by level; of one queue, or of all.
-- ARGV: frame, operation (none), queue | ''   Returns: five numbers
-- @include look
local names = ARGV[3] ~= '' and { ARGV[3] } or call('HKEYS', keys.queues)
local total = { 0, 0, 0, 0, 0 }
for _, name in ipairs(names) do
  for level = 0, 4 do
    total[level + 1] = total[level + 1] + queue.size(name, level)
  end
end
return total
