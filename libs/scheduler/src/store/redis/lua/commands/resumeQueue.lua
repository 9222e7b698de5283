#!lua flags=allow-oom
-- Lets claims from the queue go on.
-- ARGV: frame, operation, queue   Returns: 1 | 0 (was not paused), effects
-- @include verb
local q = queue.get(ARGV[3])
if not q.paused then
  return commit(0)
end
q.paused = nil
queue.save(q)
effects.push({ 'queue', 'resumed', q.name, now })
effects.wake(q.name)
return commit(1)
