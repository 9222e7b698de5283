#!lua flags=allow-oom
-- Stores definitions. An older version of an app does not replace those of a newer one.
-- ARGV: context, operation, then each definition (JSON)   Returns: 1, effects
-- @include verb
for i = 3, #ARGV do
  engine.task.put(tables, definitionTable.unpack(ARGV[i]))
end
return commit(1)
