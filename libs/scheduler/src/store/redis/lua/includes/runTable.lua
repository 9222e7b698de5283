-- Runs of workers, see Runs in engine/tables.ts.
local runTable = {}

function runTable.begin()
  -- Runs that this verb has taken from their workers, by worker.
  runTable.stopped = {}
  -- Whether the worker whose run ends reports its completion itself.
  runTable.areReported = false
  -- Whether any execution is dispatched directly, once that is asked for.
  runTable.anyHanded = nil
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
  queue.counted(queue.get(row.queue), 0, -1)
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

-- Writes which runs were taken from their workers: before any of them is claimed again, or counted.
function runTable.flush()
  for workerId, ids in pairs(runTable.stopped) do
    callAll('HDEL', keys.running(workerId), ids)
  end
  runTable.stopped = {}
end
