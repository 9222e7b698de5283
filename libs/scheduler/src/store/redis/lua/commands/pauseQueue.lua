#!lua flags=allow-oom
-- Stops claims from the queue.
-- ARGV: context, operation, queue   Returns: ms after which no earlier claim of another node starts, effects
-- @include verb
-- @include startsUntil
engine.queue.pause(tables, queueTable.find(ARGV[3]))
return commit(context.nodes > 1 and startsUntil.left() or 0)
