-- Workers, see WorkerTable in engine/tables.ts. A changed worker is written once, at the end of the verb.
-- @include workerRecords
local workerTable = {}
tables.workers = workerTable

local WORKERS_EXAMINED = 100

local cache, dirty, alive
-- By worker: task -> whether it has a handler.
local handlers

function workerTable.begin()
  cache, dirty, alive, handlers = {}, {}, nil, {}
end

function workerTable:get(id)
  local worker = cache[id]
  if worker == nil then
    worker = workerRecords.parse(id, call('HGET', keys.workers, id)) or false
    cache[id] = worker
  end
  return worker or nil
end

-- Caches a worker that the verb has read.
function workerTable.put(worker)
  worker.suspect = type(worker.suspect) == 'string' and worker.suspect or nil
  cache[worker.id] = worker
end

function workerTable:touch(worker)
  dirty[worker.id] = worker
end

-- Writes the changed workers.
function workerTable.save()
  for id, worker in pairs(dirty) do
    local stored = cmsgpack.pack({
      queues = worker.queues,
      slots = worker.slots,
      started = worker.started,
      joined = worker.joined,
      draining = worker.draining,
      rotation = worker.rotation,
      suspect = worker.suspect,
    })
    call('HSET', keys.workers, id, stored)
    if worker.draining then
      -- A draining worker gets no direct dispatch.
      call('HDEL', keys.idle, id)
    end
  end
  dirty = {}
end

-- Redis stores a hash with a long value as a table; a small one would be searched from one end.
local PAD = string.rep('-', 80)

-- about: { text (JSON), queues, slots, tasks }
function workerTable:describe(id, registration)
  local worker = workerTable:get(id)
  if worker then
    for pipeline = 0, 1 do
      local last = call('HGET', keys.pipelines, id .. '|' .. pipeline)
      if last then
        call('HSET', keys.pipelines, id .. '|' .. pipeline .. '|hello', last)
      end
    end
  else
    worker = { id = id, started = now, joined = context.nextNumber(), rotation = 0 }
    cache[id] = worker
  end
  worker.queues, worker.slots = registration.queues, registration.slots
  handlers[id] = nil
  workerTable:touch(worker)
  call('HSET', keys.registrations, id, registration.text)
  call('DEL', keys.worker(id))
  callAll('SADD', keys.worker(id), registration.tasks)
  call('HSET', keys.running(id), '', PAD)
  return worker
end

function workerTable:setLease(worker, at)
  call('ZADD', keys.leases, context.steadyAt(at), worker.id)
end

function workerTable:delete(worker)
  local id = worker.id
  cache[id], dirty[id] = false, nil
  call('HDEL', keys.workers, id)
  call('HDEL', keys.registrations, id)
  call('ZREM', keys.leases, id)
  call('HDEL', keys.idle, id)
  for pipeline = 0, 1 do
    local key = id .. '|' .. pipeline
    call('HDEL', keys.pipelines, key, key .. '|reply', key .. '|hello')
  end
  call('UNLINK', keys.worker(id), keys.running(id))
end

function workerTable:lost()
  local found = {}
  for i, id in ipairs(call('ZRANGEBYSCORE', keys.leases, '-inf', context.steady)) do
    found[i] = workerTable:get(id) or { id = id, joined = 0 }
  end
  table.sort(found, function(a, b)
    return a.joined < b.joined
  end)
  return found
end

function workerTable:queuesOf(worker)
  local queues = {}
  for i, name in ipairs(worker.queues) do
    queues[i] = queueTable.find(name)
  end
  return queues
end

function workerTable:serves(worker, queue)
  for _, name in ipairs(worker.queues) do
    if name == queue.name then
      return true
    end
  end
  return false
end

function workerTable.hasHandler(worker, task)
  local handledTasks = handlers[worker.id] or {}
  handlers[worker.id] = handledTasks
  if handledTasks[task] == nil then
    handledTasks[task] = call('SISMEMBER', keys.worker(worker.id), task) == 1
  end
  return handledTasks[task]
end

function workerTable:canRun(worker, row)
  return workerTable.hasHandler(worker, row.task)
end

function workerTable:countRuns(worker)
  local key = keys.running(worker.id)
  return call('HLEN', key) - call('HEXISTS', key, '') + runTable.unwritten(worker.id)
end

-- Reads many together. Returns the known ones.
function workerTable.fetch(ids)
  local found = {}
  for i, text in ipairs(readAll('HMGET', keys.workers, ids)) do
    local id = ids[i]
    if cache[id] == nil then
      cache[id] = workerRecords.parse(id, text) or false
    end
    if cache[id] then
      found[#found + 1] = cache[id]
    end
  end
  return found
end

local function readAlive()
  return workerTable.fetch(
    call('ZRANGE', keys.leases, '+inf', '(' .. context.steady, 'BYSCORE', 'REV', 'LIMIT', 0, WORKERS_EXAMINED)
  )
end

function workerTable:someAlive(test)
  alive = alive or readAlive()
  for _, worker in ipairs(alive) do
    if test(worker) then
      return true
    end
  end
  return false
end
