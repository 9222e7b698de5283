#!lua flags=allow-oom
-- A worker joins, or renews what it says of itself.
-- ARGV: frame, operation, workerId, hello (JSON), number of queues, queues..., tasks...
-- Returns: 1, effects
-- @include verb
local id = ARGV[3]
local found = workerTable:get(id)
local joins = not found
if joins then
  found = { id = id, started = now, joined = frame.next(), rotation = 0 }
  effects.push({ 'worker', 'joined', id, now })
else
  for lane = 0, 1 do
    local last = call('HGET', keys.lanes, id .. '|' .. lane)
    if last then
      call('HSET', keys.lanes, id .. '|' .. lane .. '|hello', last)
    end
  end
end
call('HSET', keys.hellos, id, ARGV[4])
found.slots = cjson.decode(ARGV[4]).maxConcurrentTasks
found.queues = {}
local tasksFrom = 6 + tonumber(ARGV[5])
for i = 6, tasksFrom - 1 do
  found.queues[#found.queues + 1] = ARGV[i]
end
workerTable.put(found)
workerTable:touch(found)
call('DEL', keys.worker(id))
callAll('SADD', keys.worker(id), ARGV, tasksFrom)
worker.touch(id)
worker.open(id)
for _, name in ipairs(found.queues) do
  queueTable.find(name)
  for level = 0, 4 do
    if readyTable.size(name, level) > 0 then
      effects.wake(name)
    end
  end
end
for _, task in ipairs(call('ZRANGE', keys.unhandledTasks, 0, -1)) do
  if call('SISMEMBER', keys.worker(id), task) == 1 then
    for level = 0, 4 do
      local first = call('ZRANGE', keys.unhandled(task, level), 0, 0)[1]
      if first then
        effects.wake(rows.get(first, true).queue)
      end
    end
  end
end
return commit(1)
