-- Stops claims from the queue.
-- ARGV: frame, operation, queue   Returns: 1 | 0 (was paused), effects
-- @include verb
local q = queue.get(ARGV[3])
if q.paused then
  return commit(0)
end
q.paused = true
queue.save(q)
effects.push({ 'queue', 'paused', q.name, now })
return commit(1)
