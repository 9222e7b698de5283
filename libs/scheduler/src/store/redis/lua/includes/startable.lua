-- Whether some worker could start an execution now, as far as the store knows.
local startable = {}

local WORKERS_LOOKED_AT = 100

local alive

function startable.begin()
  alive = nil
end

-- Those heard of last come first.
local function workersAlive()
  if not alive then
    alive = {}
    local ids = call('ZRANGE', keys.leases, '+inf', '(' .. now, 'BYSCORE', 'REV', 'LIMIT', 0, WORKERS_LOOKED_AT)
    for i, record in ipairs(readAll('HMGET', keys.workers, ids)) do
      local ok, found = pcall(cmsgpack.unpack, record or '')
      if ok and type(found) == 'table' and found.queues then
        found.id = ids[i]
        found.serves = {}
        for _, name in ipairs(found.queues) do
          found.serves[name] = true
        end
        alive[#alive + 1] = found
      end
    end
  end
  return alive
end

-- Runs that this script has taken from it, and has claimed for it, are not written yet.
local function hasFreeSlot(found)
  local running = call('HLEN', keys.running(found.id)) - 1 - #(runTable.stopped[found.id] or {})
  if claim.worker == found.id then
    running = running + #claim.runs / 2
  end
  return running < (found.slots or math.huge)
end

function startable.isNow(row)
  local q = queue.get(row.queue)
  if q.paused or not queue.roomLeft(q) then
    return false
  end
  for _, found in ipairs(workersAlive()) do
    if
      found.serves[row.queue]
      and not found.draining
      and worker.leaving ~= found.id
      and call('SISMEMBER', keys.worker(found.id), row.task) == 1
      and hasFreeSlot(found)
    then
      return true
    end
  end
  return false
end
