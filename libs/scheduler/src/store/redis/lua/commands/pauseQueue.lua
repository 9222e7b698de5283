#!lua flags=allow-oom
-- Stops claims from the queue.
-- ARGV: frame, operation, queue   Returns: nodes that listen, effects
-- @include verb
local q = queue.get(ARGV[3])
if q.paused then
  return commit(frame.nodes)
end
q.paused = true
queue.save(q)
effects.push({ 'queue', 'paused', q.name, now })
return commit(frame.nodes)
