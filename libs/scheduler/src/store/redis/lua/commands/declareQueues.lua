#!lua flags=allow-oom
-- Records that an app still declares the limits of these queues.
-- ARGV: context, operation, app, queues...   Returns: 1, effects
-- @include verb
local names = {}
for i = 4, #ARGV do
  names[#names + 1] = ARGV[i]
end
engine.queue.declare(tables, ARGV[3], names)
return commit(1)
