-- The runs of a worker, see WorkerTable in engine/tables.ts.
local workerRuns = {}

-- Runs per step of a heartbeat, and those that are read between two checks of the bytes: few at first, and more while their
-- states are below SMALL bytes.
local RUNS_PER_STEP, FEW, MANY, SMALL = 250, 8, 128, 65536

-- Entries of runs by worker and id; false for none.
local known

function workerRuns.begin()
  -- For verbs that examine some runs of a worker: the cursor to begin from, then the next one, '' at the end.
  workerRuns.cursor = nil
  -- Set by a verb that needs the examined runs: { ids, entries }.
  workerRuns.examinedRuns = nil
  known = {}
end

-- Simple runs have no state: only others are visited.
function workerTable:eachRun(worker, visit)
  local cursor, runs, seen, left, pageSize = workerRuns.cursor, {}, {}, RUNS_PER_STEP, FEW
  while cursor ~= '' and runStates.bytes <= STEP_BYTES and left > 0 do
    local page, ids = call('HSCAN', keys.running(worker.id), cursor, 'COUNT', pageSize), {}
    for i = 1, #page[2], 2 do
      local id = page[2][i]
      if id ~= '' and not seen[id] then
        ids[#ids + 1] = id
        if workerRuns.examinedRuns then
          table.insert(workerRuns.examinedRuns.ids, id)
          table.insert(workerRuns.examinedRuns.entries, page[2][i + 1])
        end
      end
      seen[id] = true
    end
    pageSize = runStates.fetch(ids) < SMALL and math.min(4 * pageSize, MANY) or FEW
    left = left - #ids - 1
    for _, id in ipairs(ids) do
      local row = runStates.get(id)
      if row and row.status == 'RUNNING' then
        runs[#runs + 1] = row
      end
    end
    cursor = page[1] ~= '0' and page[1] or ''
  end
  workerRuns.cursor = cursor
  table.sort(runs, function(a, b)
    return a.claimNumber < b.claimNumber
  end)
  for _, row in ipairs(runs) do
    aside.guard('run', row.id, visit, row)
  end
end

-- Reads what hasRun needs, up to STEP_BYTES. Returns how many were read.
function workerRuns.fetch(workerId, ids)
  known[workerId] = {}
  return (
    readSome(ids, STEP_BYTES, function(part)
      for i, entry in ipairs(readAll('HMGET', keys.running(workerId), part)) do
        known[workerId][part[i]] = entry
      end
      return runStates.fetch(part)
    end)
  )
end

local function entryOf(workerId, id)
  local entry = known[workerId] and known[workerId][id]
  if entry == nil then
    entry = call('HGET', keys.running(workerId), id)
  end
  return entry
end

function workerTable:hasRun(worker, run)
  local id, token = run.executionId, run.leaseToken
  local entry = entryOf(worker.id, id)
  -- This verb may have set it aside.
  if not entry or rows.cache[id] == false then
    return false
  end
  local row = runStates.get(id)
  if row == false and string.find(entry, '^%a%d+|%d+$') then
    -- A simple run.
    return token == 1 and call('HEXISTS', keys.static, id) == 1
  end
  row = row or rows.get(id)
  return row ~= nil and engine.settle.isRunOf(row, worker, run)
end

-- Of a worker's runs { id, claim number }, those of the newest claims: whole claims, until there are `minRuns` runs or more
-- than `bytes` of records; all if neither is given. Oldest first: { id, claim number, level, number of the execution }.
-- Simple executions that were claimed together share a claim number; they were claimed by level, then in order of creation.
-- Also returns whether there are others.
local function newest(runs, minRuns, bytes)
  table.sort(runs, function(a, b)
    return a[2] < b[2]
  end)
  local first, read = #runs + 1, 0
  while first > 1 and #runs + 1 - first < (minRuns or math.huge) and read <= (bytes or math.huge) do
    local last, ids = first - 1, {}
    repeat
      first = first - 1
      ids[#ids + 1] = runs[first][1]
    until first == 1 or runs[first - 1][2] ~= runs[last][2]
    for i, record in ipairs(readAll('HMGET', keys.static, ids)) do
      local run = runs[last + 1 - i]
      local number, level = string.match(record or '', '^(%d+)|[^|]*|[^|]*|[^|]*|[^|]*|[^|]*|(%d)')
      run[3], run[4] = tonumber(level) or 0, tonumber(number) or 0
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

-- The runs of a worker, see `newest`.
function workerRuns.of(id, minRuns, bytes)
  if minRuns and minRuns <= 0 then
    return {}, call('HLEN', keys.running(id)) > call('HEXISTS', keys.running(id), '')
  end
  local runs = {}
  local entries = call('HGETALL', keys.running(id))
  for i = 1, #entries, 2 do
    if entries[i] ~= '' then
      runs[#runs + 1] = { entries[i], tonumber(string.match(entries[i + 1], '|(%d+)$')) or 0 }
    end
  end
  return newest(runs, minRuns, bytes)
end

-- Deletes the entry of a run that has ended (`row`), or whose execution does not exist.
local function dropEntry(workerId, id, row)
  local entry = call('HGET', keys.running(workerId), id)
  call('HDEL', keys.running(workerId), id)
  call('HDEL', keys.dispatched, id)
  if not row then
    context.count('RUNNING', -1)
    if not rows.unreadable[id] then
      aside.missing('run', id, 'a run of an execution that is not stored', { entry })
    end
  end
end

-- Treats a run by `take` if the execution confirms the worker's entry.
local function takeRun(workerId, id, take)
  local row = rows.get(id)
  if row and row.status == 'RUNNING' and row.workerId == workerId then
    return take(row)
  end
  dropEntry(workerId, id, row)
end

-- Takes runs of a worker, the newest of `runs` first, so that the oldest ends at the head of its queue.
local function takeRuns(workerId, runs, limit, take)
  local done, bytesBefore = 0, rows.bytes
  while done < limit and #runs > 0 and rows.bytes - bytesBefore <= STEP_BYTES do
    local id = table.remove(runs)[1]
    aside.guard('run', id, takeRun, workerId, id, take)
    done = done + 1
  end
  return done
end

function workerTable:takeRuns(worker, limit, take)
  local runs = workerRuns.of(worker.id, rows.bytes <= STEP_BYTES and limit or 0, STEP_BYTES)
  return takeRuns(worker.id, runs, limit, take)
end

-- The same for runs { id, claim number } of a worker. Returns how many were taken.
function workerRuns.takeNewest(workerId, runs, limit, take)
  local found = newest(runs, rows.bytes <= STEP_BYTES and limit or 0, STEP_BYTES)
  return takeRuns(workerId, found, limit, take)
end
