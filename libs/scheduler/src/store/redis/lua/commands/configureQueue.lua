#!lua flags=allow-oom
-- Sets a queue's limits for every node.
-- ARGV: frame, operation, queue, max | '', per | '', concurrency | ''   Returns: 1, effects
-- @include verb
local q = queue.get(ARGV[3])
local wasRuled = q.max ~= nil or q.concurrency ~= nil
q.max, q.per, q.concurrency = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local isRuled = q.max ~= nil or q.concurrency ~= nil
if isRuled and not wasRuled then
  -- What runs already was not counted, since nobody asked.
  q.running = 0
  for _, id in ipairs(call('ZRANGE', keys.leases, 0, -1)) do
    for _, runId in ipairs(call('HKEYS', keys.running(id))) do
      local row = runId ~= '' and rows.get(runId)
      if row and row.queue == q.name then
        q.running = q.running + 1
      end
    end
  end
end
queue.save(q)
if isRuled ~= wasRuled then
  call('HINCRBY', keys.meta, 'ruled', isRuled and 1 or -1)
end
effects.wake(q.name)
return commit(1)
