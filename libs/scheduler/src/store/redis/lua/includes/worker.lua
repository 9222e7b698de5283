-- Workers: their leases, and what becomes of their runs when they leave or are lost.
-- Record: { queues, slots, started, joined, draining, rotation }
local worker = {}

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
      if row and aside.guard('beat', runId, engine.lock.renew, tables, row) then
        others[#others + 1] = row
      end
    end
  end
  return held, others
end

-- Its runs, oldest claim first: { id, number of the claim, level, number of the execution }. Plain ones that were
-- claimed together share a number; they came by level, and in the order of their creation.
-- many, bytes: the newest are enough, whole claims of so many runs or of so many bytes. Returns them, and whether it has others.
function worker.runs(id, many, bytes)
  if many and many <= 0 then
    return {}, call('HLEN', keys.running(id)) > call('HEXISTS', keys.running(id), '')
  end
  local runs = {}
  local entries = call('HGETALL', keys.running(id))
  for i = 1, #entries, 2 do
    if entries[i] ~= '' then
      runs[#runs + 1] = { entries[i], tonumber(string.match(entries[i + 1], '|(%d+)$')) or 0 }
    end
  end
  table.sort(runs, function(a, b)
    return a[2] < b[2]
  end)
  local first, read = #runs + 1, 0
  while first > 1 and #runs + 1 - first < (many or math.huge) and read <= (bytes or math.huge) do
    local last, ids = first - 1, {}
    repeat
      first = first - 1
      ids[#ids + 1] = runs[first][1]
    until first == 1 or runs[first - 1][2] ~= runs[last][2]
    for i, record in ipairs(readAll('HMGET', keys.static, ids)) do
      local run = runs[last + 1 - i]
      local n, level = string.match(record or '', '^(%d+)|[^|]*|[^|]*|[^|]*|[^|]*|[^|]*|(%d)')
      run[3], run[4] = tonumber(level) or 0, tonumber(n) or 0
      read = read + (record and #record or 0)
    end
  end
  local found = {}
  for i = first, #runs do
    found[#found + 1] = runs[i]
  end
  table.sort(found, function(a, b)
    for field = 2, 4 do
      if a[field] ~= b[field] then
        return a[field] < b[field]
      end
    end
    return false
  end)
  return found, first > 1
end

function worker.remove(id)
  workerTable.forget(id)
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

local function rescue(row)
  engine.rescue.rescue(tables, row)
end

-- Drops the entry of a run that has ended otherwise (`row`), or of an execution that is gone.
local function dropEntry(step, workerId, id, row)
  local entry = call('HGET', keys.running(workerId), id)
  call('HDEL', keys.running(workerId), id)
  call('HDEL', keys.handed, id)
  if not row then
    frame.count('RUNNING', -1)
    if not rows.bad[id] then
      aside.put(step, id, 'a run of an execution that is not stored', { entry })
    end
  end
end

-- Treats a run of a worker by `take`, if it is what the worker's entry says.
local function takeRun(step, workerId, id, take)
  local row = rows.get(id)
  if row and row.status == 'RUNNING' and row.workerId == workerId then
    return take(row)
  end
  dropEntry(step, workerId, id, row)
end

-- Takes runs of a worker, the newest of `runs` first, so that the oldest ends up at the head of its queue.
local function takeRuns(step, workerId, runs, limit, take)
  local done, before = 0, rows.bytes
  while done < limit and #runs > 0 and rows.bytes - before <= STEP_BYTES do
    local id = table.remove(runs)[1]
    if not aside.guard(step, id, takeRun, step, workerId, id, take) then
      frame.count('RUNNING', -1)
      call('HDEL', keys.running(workerId), id)
    end
    done = done + 1
  end
  return done
end

-- Brings back runs of workers whose lease is over, newest first, so that the oldest ends up at the head. Returns how many, and
-- whether there may be more.
function worker.rescueLost(limit)
  local done = 0
  local lost = {}
  for _, id in ipairs(call('ZRANGEBYSCORE', keys.leases, '-inf', now)) do
    lost[#lost + 1] = workerTable:get(id) or { id = id, joined = 0 }
  end
  table.sort(lost, function(a, b)
    return a.joined < b.joined
  end)
  for _, found in ipairs(lost) do
    local runs, others = worker.runs(found.id, rows.bytes <= STEP_BYTES and limit - done or 0, STEP_BYTES)
    done = done + takeRuns('rescue', found.id, runs, limit - done, rescue)
    if #runs == 0 and not others then
      worker.remove(found.id)
      effects.push({ 'worker', 'lost', found.id, now })
    end
  end
  return done, done == limit or rows.bytes > STEP_BYTES
end

-- A run that its worker does not hold any more.
function worker.takeBack(row)
  engine.rescue.takeBack(tables, row)
end

-- Takes back the runs that were claimed before this instant, handed over to nobody, and are not in the set. Returns how many.
function worker.returnUnnamed(id, named, before)
  local isUnnamed, isAny = {}, false
  local entries = call('HGETALL', keys.running(id))
  for i = 1, #entries, 2 do
    local startedAt = tonumber(string.match(entries[i + 1], '^%a(%d+)|'))
    if startedAt and startedAt < before and not named[entries[i]] and call('HEXISTS', keys.handed, entries[i]) == 0 then
      isUnnamed[entries[i]], isAny = true, true
    end
  end
  if not isAny then
    return 0
  end
  local runs, count = {}, 0
  for _, run in ipairs(worker.runs(id)) do
    if isUnnamed[run[1]] then
      runs[#runs + 1] = run
    end
  end
  takeRuns('beat', id, runs, #runs, function(row)
    worker.takeBack(row)
    count = count + 1
  end)
  return count
end

-- Takes back runs of a worker that leaves. Returns whether it has left: until then it asks again.
function worker.goodbye(id, limit)
  if not workerTable:get(id) then
    return true
  end
  -- No lock that its runs leave is reserved for what only it could run.
  local leaving = workerTable:get(id)
  leaving.draining = true
  workerTable:touch(leaving)
  local runs, others = worker.runs(id, limit, STEP_BYTES)
  takeRuns('goodbye', id, runs, limit, worker.takeBack)
  if #runs > 0 or others then
    return false
  end
  worker.remove(id)
  effects.push({ 'worker', 'left', id, now })
  return true
end

local function endGrace(id, member)
  local row = rows.get(id)
  if row and row.status == 'RUNNING' and row.cancelDeadline == member then
    engine.settle.finalizeCancel(tables, row)
    return
  end
  call('ZREM', keys.graces, member)
  if not row and not rows.bad[id] then
    aside.put('cancel', id, 'a cancel of an execution that is not stored', {})
  end
end

local function endLockWait(id, member)
  local row = rows.get(id)
  -- Another end of these may have woken it meanwhile: then it is next, and no longer waits.
  if not row or row.lockWaitUntil ~= member then
    call('ZREM', keys.lockWaits, member)
    if not row and not rows.bad[id] then
      aside.put('lockWait', id, 'a wait of an execution that is not stored', {})
    end
    return
  end
  engine.rescue.endLockWait(tables, row)
end

-- Ends runs whose cancel was not heeded within the grace, and waits for a lock that took too long.
function worker.timeOut()
  local done, before = 0, rows.bytes
  for _, member in ipairs(call('ZRANGEBYSCORE', keys.graces, '-inf', now, 'LIMIT', 0, 200)) do
    if rows.bytes - before > STEP_BYTES then
      break
    end
    local id = string.sub(member, 14)
    if not aside.guard('cancel', id, endGrace, id, member) then
      call('ZREM', keys.graces, member)
    end
    done = done + 1
  end
  for _, member in ipairs(call('ZRANGEBYSCORE', keys.lockWaits, '-inf', now, 'LIMIT', 0, 200)) do
    if rows.bytes - before > STEP_BYTES then
      break
    end
    local id = string.sub(member, 14)
    if not aside.guard('lockWait', id, endLockWait, id, member) then
      call('ZREM', keys.lockWaits, member)
    end
    done = done + 1
  end
  return done
end
