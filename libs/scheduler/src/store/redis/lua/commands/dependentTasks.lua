#!lua flags=no-writes
-- Tasks whose definitions depend on a task, one page by a cursor.
-- ARGV: context, operation (none), taskId, cursor
-- Returns: next cursor ('0': end; '': no such task), tasks...
-- @include queries
local task, found = ARGV[3], { '' }
if call('HEXISTS', keys.tasks, task) == 0 then
  return found
end
local cursor, named = definitionTable.naming(keys.tasks, task, ARGV[4])
found[1] = cursor
for i = 1, #named, 2 do
  local definition = named[i] ~= task and definitionTable.unpack(named[i + 1])
  if definition and engine.task.dependsOn(definition, task) then
    found[#found + 1] = named[i]
  end
end
return found
