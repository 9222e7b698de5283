#!lua flags=allow-oom
-- Ends claiming by this worker, and hand-overs to it.
-- ARGV: frame, operation, workerId   Returns: 1 | 0 (unknown, or draining already), effects
-- @include verb
local found = workerTable:get(ARGV[3])
if not found or found.draining then
  return commit(0)
end
found.draining = true
workerTable:touch(found)
call('HDEL', keys.idle, found.id)
effects.push({ 'worker', 'draining', found.id, now })
return commit(1)
