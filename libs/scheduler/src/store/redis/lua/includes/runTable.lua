-- Runs of workers, see Runs in engine/tables.ts.
local runTable = {}

function runTable.begin()
  -- By worker: runs that this verb has ended.
  runTable.stopped = {}
  -- By worker: runs that this verb has started, execution and entry of each.
  runTable.started = {}
  -- By execution: ms of the steps of the clock during its run.
  runTable.stepped = {}
  -- Set of runs whose worker emits the completion itself.
  runTable.reported = {}
  -- Whether any execution is in direct dispatch; nil if not read yet.
  runTable.isAnyDispatched = nil
  -- Where a search for old runs begins, and where the next one continues. '0': at the first worker, or at the end; else the
  -- number of workers to skip, or that|cursor among the runs of the next worker|its id
  runTable.cursor = '0'
end

function tables:isSimple(row)
  return rows.isSimple[row.id] == true
end

function tables:startRun(row, worker)
  local started = runTable.started[worker.id] or {}
  runTable.started[worker.id] = started
  row.claimNumber = context.nextNumber()
  started[#started + 1] = row.id
  started[#started + 1] = records.runEntry(rows.isSimple[row.id], row.claimNumber)
  row.location, row.workerId, row.lastWorkerId = 'running', worker.id, worker.id
end

function tables:setRunDeadline(row, at)
  row.runDeadline = deadlines.member(row)
  call('ZADD', keys.runDeadlines, context.steadyAt(at), row.runDeadline)
end

function tables:endRun(row)
  local stopped = runTable.stopped[row.workerId] or {}
  runTable.stopped[row.workerId] = stopped
  stopped[#stopped + 1] = row.id
  if runTable.isAnyDispatched == nil then
    runTable.isAnyDispatched = call('EXISTS', keys.dispatched) == 1
  end
  if runTable.isAnyDispatched then
    call('HDEL', keys.dispatched, row.id)
  end
  runTable.stepped[row.id] = steps.since(row.claimNumber)
  row.workerId, row.claimNumber = nil, nil
  if row.runDeadline then
    call('ZREM', keys.runDeadlines, row.runDeadline)
  end
  if row.cancelDeadline then
    call('ZREM', keys.cancelDeadlines, row.cancelDeadline)
  end
  row.runDeadline, row.cancelDeadline = nil, nil
  rows.touch(row)
end

-- If a command failed, the verb fails at once: the worker still has the result, and settles the run again.
function tables:settleRun(row, end_)
  local ok, err, stays = aside.guard('settle', row.id, end_)
  if stays then
    error(err)
  end
  return ok
end

function tables:setCancelDeadline(row, at)
  row.cancelDeadline = deadlines.member(row)
  call('ZADD', keys.cancelDeadlines, context.steadyAt(at), row.cancelDeadline)
end

local CANCEL = {
  step = 'cancel',
  field = 'cancelDeadline',
  status = 'RUNNING',
  orphan = 'a cancel of an execution that is not stored',
}

function tables:eachDueCancel(end_)
  return deadlines.eachDue(keys.cancelDeadlines, CANCEL, end_)
end

local function isWorkerAlive(workerId)
  return (tonumber(call('ZSCORE', keys.leases, workerId)) or 0) > context.steady
end

-- Duration of a run in ms. While its worker is alive, time without calls does not count: the clock has stepped.
local function ageOf(isAlive, startedAt, claimNumber)
  local unattended = isAlive and context.unattendedSince(claimNumber) or 0
  return now - startedAt - math.max(steps.since(claimNumber), unattended)
end

function tables:eachPastDeadline(limit, visit)
  if runTable.cursor ~= '0' then
    return
  end
  for _, member in ipairs(call('ZRANGEBYSCORE', keys.runDeadlines, '-inf', context.steady, 'LIMIT', 0, limit)) do
    local row = rows.get(string.sub(member, 14))
    if
      row
      and row.status == 'RUNNING'
      and ageOf(isWorkerAlive(row.workerId), row.startedAt, row.claimNumber) >= (row.timeout or 0) + context.lease
    then
      visit(row)
    end
  end
end

-- Runs and workers per step, and runs per page.
local RUNS_PER_STEP, WORKERS_PER_STEP, LISTED_AT_ONCE = 1000, 250, 100

-- Visits old runs of a worker until `left` runs are examined, `visit` returns false, or enough bytes are read. Returns the
-- number of examined runs, the next cursor ('0': end), and whether to continue with the next worker.
local function visitOlder(workerId, cursor, left, duration, visit)
  local isAlive, examined = isWorkerAlive(workerId), 0
  repeat
    local page = call('HSCAN', keys.running(workerId), cursor, 'COUNT', LISTED_AT_ONCE)
    local entries = page[2]
    for i = 1, #entries, 2 do
      local started, number = string.match(entries[i + 1], '^%a(%d+)|(%d+)$')
      if started and ageOf(isAlive, tonumber(started), tonumber(number)) >= duration then
        rows.fetch({ entries[i] }, workerId)
        local row = rows.get(entries[i])
        if row and row.status == 'RUNNING' and not visit(row) or rows.bytes > STEP_BYTES then
          return examined, '0', false
        end
      end
    end
    cursor, examined = page[1], examined + math.max(1, #entries / 2)
  until cursor == '0' or examined >= left
  return examined, cursor, true
end

-- Renewed leases reorder the workers; a worker that is skipped for that is found by the next search.
function tables:eachRunOlderThan(duration, visit)
  local skipped, cursor, cursorWorkerId = string.match(runTable.cursor, '^(%d+)|?(%d*)|?(.*)$')
  local left = RUNS_PER_STEP
  skipped = tonumber(skipped)
  local ids = call('ZRANGE', keys.leases, skipped, skipped + WORKERS_PER_STEP - 1)
  for i, workerId in ipairs(ids) do
    local examined, mayContinue
    examined, cursor, mayContinue =
      visitOlder(workerId, workerId == cursorWorkerId and cursor or '0', left, duration, visit)
    left = left - examined
    if not mayContinue then
      runTable.cursor = '0'
      return
    elseif cursor ~= '0' then
      runTable.cursor = string.format('%d|%s|%s', skipped + i - 1, cursor, workerId)
      return
    elseif left <= 0 then
      runTable.cursor = tostring(skipped + i)
      return
    end
  end
  runTable.cursor = #ids == WORKERS_PER_STEP and tostring(skipped + #ids) or '0'
end

function tables:requireLock(row, lock)
  row.lockKey, row.lockTimeout = lock.key, lock.timeout
  row.lockMaxWait = lock.maxWait ~= cjson.null and lock.maxWait or nil
end

-- The number of started runs that are not written, minus that of ended ones.
function runTable.unwritten(workerId)
  return #(runTable.started[workerId] or {}) / 2 - #(runTable.stopped[workerId] or {})
end

-- Writes ended and started runs; ended ones first, since a verb may claim the same execution again.
function runTable.flush()
  for workerId, ids in pairs(runTable.stopped) do
    callAll('HDEL', keys.running(workerId), ids)
  end
  for workerId, entries in pairs(runTable.started) do
    callAll('HSET', keys.running(workerId), entries)
  end
  runTable.stopped, runTable.started = {}, {}
end
