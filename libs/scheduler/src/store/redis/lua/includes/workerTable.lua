-- Workers, see WorkerTable in engine/tables.ts. A worker that has changed is written once, when the verb ends.
-- Stored: { queues, slots, started, joined, draining, rotation }
local workerTable = {}
tables.workers = workerTable

local WORKERS_EXAMINED = 100

local cache, dirty, alive
-- By worker: task -> whether it has a handler for it.
local handlers

function workerTable.begin()
  cache, dirty, alive, handlers = {}, {}, nil, {}
end

-- One that cannot be read counts as unknown: it joins again.
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

-- One that the verb has read, or makes.
function workerTable.put(found)
  cache[found.id] = found
end

function workerTable.forget(id)
  cache[id], dirty[id] = false, nil
end

function workerTable:touch(found)
  dirty[found.id] = found
end

-- Writes the workers that have changed.
function workerTable.save()
  for id, found in pairs(dirty) do
    local stored = cmsgpack.pack({
      queues = found.queues,
      slots = found.slots,
      started = found.started,
      joined = found.joined,
      draining = found.draining,
      rotation = found.rotation,
    })
    call('HSET', keys.workers, id, stored)
  end
  dirty = {}
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
  return call('HLEN', keys.running(found.id)) - 1 + runTable.unwritten(found.id)
end

local function readAlive()
  local found = {}
  local ids = call('ZRANGE', keys.leases, '+inf', '(' .. now, 'BYSCORE', 'REV', 'LIMIT', 0, WORKERS_EXAMINED)
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

function workerTable:someAlive(test)
  alive = alive or readAlive()
  for _, found in ipairs(alive) do
    if test(found) then
      return true
    end
  end
  return false
end

-- Simple runs have no state: only those with one are read.
function workerTable:eachRun(found, visit)
  local runs = {}
  for _, id in ipairs(call('HKEYS', keys.running(found.id))) do
    local row = id ~= '' and call('HEXISTS', keys.state, id) == 1 and rows.get(id)
    if row and row.status == 'RUNNING' then
      runs[#runs + 1] = row
    end
  end
  table.sort(runs, function(a, b)
    return a.claimNumber < b.claimNumber
  end)
  for _, row in ipairs(runs) do
    aside.guard('beat', row.id, visit, row)
  end
end
