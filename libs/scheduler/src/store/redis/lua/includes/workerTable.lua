-- Workers, see WorkerTable in engine/tables.ts. A changed worker is written once, at the end of the verb. Stored: { queues,
-- slots, started, joined, draining, rotation, suspect }
local workerTable = {}
tables.workers = workerTable

local WORKERS_EXAMINED = 100

local cache, dirty, alive
-- By worker: task -> whether it has a handler.
local handlers

function workerTable.begin()
  cache, dirty, alive, handlers = {}, {}, nil, {}
end

-- An unreadable worker counts as unknown: it registers again.
local function unpackWorker(id, text)
  local ok, found = pcall(cmsgpack.unpack, text or '')
  if not ok or type(found) ~= 'table' or not found.queues then
    return nil
  end
  found.id = id
  return found
end

function workerTable:get(id)
  local found = cache[id]
  if found == nil then
    found = unpackWorker(id, call('HGET', keys.workers, id)) or false
    cache[id] = found
  end
  return found or nil
end

-- Caches a worker that the verb has read.
function workerTable.put(found)
  found.suspect = type(found.suspect) == 'string' and found.suspect or nil
  cache[found.id] = found
end

function workerTable:touch(found)
  dirty[found.id] = found
end

-- Writes the changed workers.
function workerTable.save()
  for id, found in pairs(dirty) do
    local stored = cmsgpack.pack({
      queues = found.queues,
      slots = found.slots,
      started = found.started,
      joined = found.joined,
      draining = found.draining,
      rotation = found.rotation,
      suspect = found.suspect,
    })
    call('HSET', keys.workers, id, stored)
    if found.draining then
      -- A draining worker gets no direct dispatch.
      call('HDEL', keys.idle, id)
    end
  end
  dirty = {}
end

-- Redis stores a hash with a long value as a table; a small one would be searched from one end.
local PAD = string.rep('-', 80)

-- about: { text (JSON), queues, slots, tasks }
function workerTable:describe(id, about)
  local found = workerTable:get(id)
  if found then
    for pipeline = 0, 1 do
      local last = call('HGET', keys.pipelines, id .. '|' .. pipeline)
      if last then
        call('HSET', keys.pipelines, id .. '|' .. pipeline .. '|hello', last)
      end
    end
  else
    found = { id = id, started = now, joined = context.nextNumber(), rotation = 0 }
    cache[id] = found
  end
  found.queues, found.slots = about.queues, about.slots
  handlers[id] = nil
  workerTable:touch(found)
  call('HSET', keys.registrations, id, about.text)
  call('DEL', keys.worker(id))
  callAll('SADD', keys.worker(id), about.tasks)
  call('HSET', keys.running(id), '', PAD)
  return found
end

function workerTable:setLease(found, at)
  call('ZADD', keys.leases, context.steadyAt(at), found.id)
end

function workerTable:delete(found)
  local id = found.id
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

function workerTable:queuesOf(found)
  local queues = {}
  for i, name in ipairs(found.queues) do
    queues[i] = queueTable.find(name)
  end
  return queues
end

function workerTable:serves(found, queue)
  for _, name in ipairs(found.queues) do
    if name == queue.name then
      return true
    end
  end
  return false
end

function workerTable.hasHandler(found, task)
  local tasks_ = handlers[found.id] or {}
  handlers[found.id] = tasks_
  if tasks_[task] == nil then
    tasks_[task] = call('SISMEMBER', keys.worker(found.id), task) == 1
  end
  return tasks_[task]
end

function workerTable:canRun(found, row)
  return workerTable.hasHandler(found, row.task)
end

function workerTable:countRuns(found)
  local key = keys.running(found.id)
  return call('HLEN', key) - call('HEXISTS', key, '') + runTable.unwritten(found.id)
end

-- Reads many together. Returns the known ones.
function workerTable.fetch(ids)
  local found = {}
  for i, text in ipairs(readAll('HMGET', keys.workers, ids)) do
    local id = ids[i]
    if cache[id] == nil then
      cache[id] = unpackWorker(id, text) or false
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
  for _, found in ipairs(alive) do
    if test(found) then
      return true
    end
  end
  return false
end
