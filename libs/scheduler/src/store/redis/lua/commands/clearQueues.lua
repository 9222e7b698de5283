#!lua flags=allow-oom
-- Clears the limits of these queues, where the app has not declared them for too long, or where it has ever declared them.
-- ARGV: context, operation, app, all that it has declared (1 | 0), queues...   Returns: queues that were cleared, effects
-- @include verb
local names = {}
for i = 5, #ARGV do
  names[#names + 1] = ARGV[i]
end
return commit(engine.queue.clearUndeclared(tables, ARGV[3], names, ARGV[4] == '1'))
