#!lua flags=allow-oom
-- Clears the limits of queues that the app has not declared for too long, or (with `all`) of any that it has ever declared.
-- ARGV: context, operation, app, all (1 | 0), queues...   Returns: cleared queues, effects
-- @include verb
local names = {}
for i = 5, #ARGV do
  names[#names + 1] = ARGV[i]
end
return commit(engine.queue.clearUndeclared(tables, ARGV[3], names, ARGV[4] == '1'))
