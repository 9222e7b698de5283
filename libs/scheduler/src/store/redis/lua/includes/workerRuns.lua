-- The runs of a worker, see WorkerTable in engine/tables.ts.
local workerRuns = {}

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
    aside.guard('run', row.id, visit, row)
  end
end

-- Its runs, oldest claim first: { id, number of the claim, level, number of the execution }. Plain ones that were
-- claimed together share a number; they came by level, and in the order of their creation.
-- many, bytes: the newest are enough, whole claims of so many runs or of so many bytes. Returns them, and whether it has others.
function workerRuns.of(id, many, bytes)
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

-- Drops the entry of a run that has ended otherwise (`row`), or of an execution that is gone.
local function dropEntry(workerId, id, row)
  local entry = call('HGET', keys.running(workerId), id)
  call('HDEL', keys.running(workerId), id)
  call('HDEL', keys.handed, id)
  if not row then
    frame.count('RUNNING', -1)
    if not rows.bad[id] then
      aside.put('run', id, 'a run of an execution that is not stored', { entry })
    end
  end
end

-- Treats a run of a worker by `take`, if it is what the worker's entry says.
local function takeRun(workerId, id, take)
  local row = rows.get(id)
  if row and row.status == 'RUNNING' and row.workerId == workerId then
    return take(row)
  end
  dropEntry(workerId, id, row)
end

-- Takes runs of a worker, the newest of `runs` first, so that the oldest ends up at the head of its queue.
local function takeRuns(workerId, runs, limit, take)
  local done, before = 0, rows.bytes
  while done < limit and #runs > 0 and rows.bytes - before <= STEP_BYTES do
    local id = table.remove(runs)[1]
    aside.guard('run', id, takeRun, workerId, id, take)
    done = done + 1
  end
  return done
end

function workerTable:takeRuns(found, limit, take)
  local runs = workerRuns.of(found.id, rows.bytes <= STEP_BYTES and limit or 0, STEP_BYTES)
  return takeRuns(found.id, runs, limit, take)
end

-- Takes back the runs that were claimed before this instant, dispatched to nobody, and are not among those named: a set.
-- Returns how many.
function workerRuns.returnUnnamed(id, named, before)
  local unnamed, isAny = {}, false
  local entries = call('HGETALL', keys.running(id))
  for i = 1, #entries, 2 do
    local startedAt = tonumber(string.match(entries[i + 1], '^%a(%d+)|'))
    local isOld = startedAt and startedAt < before
    if isOld and not named[entries[i]] and call('HEXISTS', keys.handed, entries[i]) == 0 then
      unnamed[entries[i]], isAny = true, true
    end
  end
  if not isAny then
    return 0
  end
  local runs, count = {}, 0
  for _, run in ipairs(workerRuns.of(id)) do
    if unnamed[run[1]] then
      runs[#runs + 1] = run
    end
  end
  takeRuns(id, runs, #runs, function(row)
    engine.rescue.takeBack(tables, row)
    count = count + 1
  end)
  return count
end
