#!lua flags=allow-oom
-- Stops claims from the queue.
-- ARGV: frame, operation, queue   Returns: nodes that listen, effects
-- @include verb
engine.queue.pause(tables, queueTable.find(ARGV[3]))
return commit(frame.nodes)
