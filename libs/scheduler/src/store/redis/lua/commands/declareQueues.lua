#!lua flags=allow-oom
-- Says that an app still declares the limits of these queues; clears those it has not declared for too long.
-- ARGV: frame, operation, app, clear others now (1 | 0), queues...   Returns: queues that were cleared, effects
-- @include verb
local names = {}
for i = 5, #ARGV do
  names[#names + 1] = ARGV[i]
end
return commit(engine.queue.declare(tables, ARGV[3], names, ARGV[4] == '1'))
