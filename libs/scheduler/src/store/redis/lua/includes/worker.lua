-- Workers: their leases, and what becomes of their runs when they leave or are lost.
-- Record: { queues, slots, started, joined, draining, rotation }

local MAX_CRASHES = 3

function worker.get(id)
  local record = call('HGET', keys.workers, id)
  local found = record and cmsgpack.unpack(record)
  if found then
    found.id = id
  end
  return found or nil
end

function worker.save(found)
  call('HSET', keys.workers, found.id, cmsgpack.pack(found))
end

-- Small hashes are searched from one end; one long field makes of the running ones a table from the start.
local PAD = string.rep('-', 80)

function worker.open(id)
  call('HSET', keys.running(id), '', PAD)
end

function worker.touch(id)
  call('ZADD', keys.leases, now + frame.lease, id)
end

-- Renews its lease and the locks of its runs. Returns the ids of its runs as a set, and the rows of those not plain.
function worker.renew(id)
  worker.touch(id)
  local held, others = {}, {}
  for _, runId in ipairs(call('HKEYS', keys.running(id))) do
    held[runId] = runId ~= '' or nil
    -- Plain runs have neither lock nor cancel: only those with a state are looked at.
    if runId ~= '' and call('HEXISTS', keys.state, runId) == 1 then
      local row = rows.get(runId)
      lock.renew(row)
      others[#others + 1] = row
    end
  end
  return held, others
end

-- Its runs, oldest claim first: { id, number of the claim, level, number of the execution }. Plain ones that were
-- claimed together share a number; they came by level, and in the order of their creation.
function worker.runs(id)
  local runs, ids = {}, {}
  local entries = call('HGETALL', keys.running(id))
  for i = 1, #entries, 2 do
    if entries[i] ~= '' then
      runs[#runs + 1] = { entries[i], tonumber(string.match(entries[i + 1], '|(%d+)$')) }
      ids[#ids + 1] = entries[i]
    end
  end
  for i, record in ipairs(readAll('HMGET', keys.static, ids)) do
    local n, level = string.match(record, '^(%d+)|[^|]*|[^|]*|[^|]*|[^|]*|[^|]*|(%d)')
    runs[i][3], runs[i][4] = tonumber(level), tonumber(n)
  end
  table.sort(runs, function(a, b)
    for field = 2, 4 do
      if a[field] ~= b[field] then
        return a[field] < b[field]
      end
    end
    return false
  end)
  return runs
end

function worker.remove(id)
  call('HDEL', keys.workers, id)
  call('HDEL', keys.hellos, id)
  call('ZREM', keys.leases, id)
  call('HDEL', keys.idle, id)
  for lane = 0, 1 do
    local key = id .. '|' .. lane
    call('HDEL', keys.lanes, key, key .. '|reply', key .. '|hello')
  end
  call('UNLINK', keys.worker(id), keys.running(id))
end

-- The worker of this run is gone: back to the head, or the end at the third crash.
local function rescue(row)
  frame.count('crashed', 1)
  row.cx = row.cx + 1
  if row.cr > 0 then
    return settle.finalizeCancel(row)
  end
  local message = 'worker ' .. row.wi .. ' stopped beating during run ' .. row.r
  local err = '{"name":"WorkerLostError","message":' .. cjson.encode(message) .. ',"stack":null,"code":"WORKER_LOST"}'
  history.recordAttempt(row, 'WORKER_LOST', err)
  if row.cx >= MAX_CRASHES then
    row.a = row.a + 1
    return finish.finish(row, 'FAILED', { err = err, reason = 'WORKER_LOST' })
  end
  settle.giveUp(row)
  rows.move(row, 'PENDING')
  effects.tell(row, 'rescued')
  queue.pushHead(row)
end

-- Brings back runs of workers whose lease is over, newest first, so that the oldest ends up at the head.
function worker.rescueLost(limit)
  local done = 0
  local lost = {}
  for _, id in ipairs(call('ZRANGEBYSCORE', keys.leases, '-inf', now)) do
    lost[#lost + 1] = worker.get(id)
  end
  table.sort(lost, function(a, b)
    return a.joined < b.joined
  end)
  for _, found in ipairs(lost) do
    local runs = worker.runs(found.id)
    while done < limit and #runs > 0 do
      rescue(rows.get(table.remove(runs)[1]))
      done = done + 1
    end
    if #runs == 0 then
      worker.remove(found.id)
      effects.push({ 'worker', 'lost', found.id, now })
    end
  end
  return done
end

function worker.goodbye(id)
  if not worker.get(id) then
    return
  end
  local runs = worker.runs(id)
  for i = #runs, 1, -1 do
    local row = rows.get(runs[i][1])
    if row.cr > 0 then
      settle.finalizeCancel(row)
    else
      settle.release(row)
    end
  end
  worker.remove(id)
  effects.push({ 'worker', 'left', id, now })
end

-- Ends runs whose cancel was not heeded within the grace, and waits for a lock that took too long.
function worker.timeOut()
  local done = 0
  for _, member in ipairs(call('ZRANGEBYSCORE', keys.graces, '-inf', now, 'LIMIT', 0, 200)) do
    settle.finalizeCancel(rows.get(string.sub(member, 14)))
    done = done + 1
  end
  for _, member in ipairs(call('ZRANGEBYSCORE', keys.lockWaits, '-inf', now, 'LIMIT', 0, 200)) do
    local row = rows.get(string.sub(member, 14))
    -- Another end of these may have woken it meanwhile: then it is next, and no longer waits.
    if row.lw == member then
      frame.count('lockTimeouts', 1)
      local message = "lock '" .. row.lk .. "' was not free within " .. string.format('%d', row.lm) .. ' ms'
      local err = '{"name":"LockTimeoutError","message":'
        .. cjson.encode(message)
        .. ',"stack":null,"code":"LOCK_TIMEOUT"}'
      finish.finish(row, 'FAILED', { err = err, reason = 'LOCK_TIMEOUT' })
      done = done + 1
    end
  end
  return done
end
