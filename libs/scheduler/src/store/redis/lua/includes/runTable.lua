-- Runs of workers, see Runs in engine/tables.ts.
local runTable = {}

function runTable.begin()
  -- Runs that this verb has taken from their workers, by worker.
  runTable.stopped = {}
  -- Runs that it has begun, by worker: execution and entry of each.
  runTable.started = {}
  -- Whether the worker whose run ends reports its completion itself.
  runTable.areReported = false
  -- Whether any execution is dispatched directly, once that is asked for.
  runTable.anyHanded = nil
end

function tables:isSimple(row)
  return rows.plain[row.id] == true
end

function tables:startRun(row, worker_)
  local started = runTable.started[worker_.id] or {}
  runTable.started[worker_.id] = started
  row.claimNumber = frame.next()
  started[#started + 1] = row.id
  started[#started + 1] = records.runEntry(rows.plain[row.id], row.claimNumber)
  row.location, row.workerId, row.lastWorkerId = 'running', worker_.id, worker_.id
end

function tables:setRunDeadline(row, at)
  row.runDeadline = string.format('%012d:%s', frame.next(), row.id)
  call('ZADD', keys.bounds, at, row.runDeadline)
end

function tables:endRun(row)
  local stopped = runTable.stopped[row.workerId] or {}
  runTable.stopped[row.workerId] = stopped
  stopped[#stopped + 1] = row.id
  if runTable.anyHanded == nil then
    runTable.anyHanded = call('EXISTS', keys.handed) == 1
  end
  if runTable.anyHanded then
    call('HDEL', keys.handed, row.id)
  end
  row.workerId, row.claimNumber = nil, nil
  if row.runDeadline then
    call('ZREM', keys.bounds, row.runDeadline)
  end
  if row.cancelDeadline then
    call('ZREM', keys.graces, row.cancelDeadline)
  end
  row.runDeadline, row.cancelDeadline = nil, nil
  rows.touch(row)
end

function tables:addAttempt(row, outcome, err)
  history.recordAttempt(row, outcome, err)
end

function tables:setCancelDeadline(row, at)
  row.cancelDeadline = string.format('%012d:%s', frame.next(), row.id)
  call('ZADD', keys.graces, at, row.cancelDeadline)
end

function tables:requireLock(row, lock)
  row.lockKey, row.lockTimeout = lock.key, lock.timeout
  row.lockMaxWait = lock.maxWait ~= cjson.null and lock.maxWait or nil
end

-- Runs of a worker that are begun and not written yet, less those that have ended.
function runTable.unwritten(workerId)
  return #(runTable.started[workerId] or {}) / 2 - #(runTable.stopped[workerId] or {})
end

-- Writes which runs have ended, and which have begun: the former before any of them is claimed again.
function runTable.flush()
  for workerId, ids in pairs(runTable.stopped) do
    callAll('HDEL', keys.running(workerId), ids)
  end
  for workerId, entries in pairs(runTable.started) do
    callAll('HSET', keys.running(workerId), entries)
  end
  runTable.stopped, runTable.started = {}, {}
end
