#!lua flags=allow-oom
-- Puts definitions; an older version of the same app leaves a newer one's alone.
-- ARGV: context, operation, then each definition (JSON)   Returns: 1, effects
-- @include verb
for i = 3, #ARGV do
  engine.task.put(tables, definitionTable.unpack(ARGV[i]))
end
return commit(1)
