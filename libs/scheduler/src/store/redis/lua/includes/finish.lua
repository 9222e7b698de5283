-- The one way to an end, for success, failure, cancel, skip, timeout and lost workers alike; and the way back.
local finish = {}

function finish.begin()
  -- Runs that were taken from their workers in this verb, by worker.
  finish.stopped = {}
  -- Whether the worker of the run that ends tells its end itself.
  finish.tellsItself = false
  -- Whether any execution is handed over, once that is asked for.
  finish.anyHanded = nil
end

local END = { COMPLETED = 'completed', FAILED = 'failed', CANCELLED = 'cancelled', SKIPPED = 'skipped' }

-- outcome: res, err (JSON texts), reason; each may be absent.
function finish.finish(row, status, outcome)
  if row.status == 'RUNNING' then
    finish.stopRun(row)
  else
    queue.leave(row)
  end
  rows.move(row, status)
  row.completedAt = now
  row.result, row.error, row.reason = outcome.result, outcome.error, outcome.reason
  row.location = 'kept'
  frame.count(END[status], 1)
  history.count(row)
  -- The worker whose run it was tells itself, as of a plain one.
  if not (finish.tellsItself and status == 'COMPLETED') or effects.isWantedElsewhere('completed') then
    effects.tell(row, END[status])
  end
  engine.lock.release(tables, row)
  if row.edgeCount then
    edges.letGo(row)
  end
  edges.spread(row, false)
  if row.workflowId then
    workflow.close(row, status)
  else
    history.retire(row)
  end
end

-- Writes which runs were taken from their workers: before any of them is claimed again, or counted.
function finish.flush()
  for worker_, ids in pairs(finish.stopped) do
    callAll('HDEL', keys.running(worker_), ids)
  end
  finish.stopped = {}
end

-- Takes a run from its worker.
function finish.stopRun(row)
  local stopped = finish.stopped[row.workerId] or {}
  finish.stopped[row.workerId] = stopped
  stopped[#stopped + 1] = row.id
  if finish.anyHanded == nil then
    finish.anyHanded = call('EXISTS', keys.handed) == 1
  end
  if finish.anyHanded then
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

-- An ended execution runs again, with a fresh budget.
function finish.reopen(row)
  history.keep(row)
  local was = row.status
  rows.move(row, 'PENDING')
  row.failures, row.crashes, row.snoozes = nil, nil, nil
  row.leaseToken = row.leaseToken + 1
  row.completedAt, row.cancelRequestedAt = nil, nil
  row.result, row.error, row.reason = nil, nil, nil
  row.dueAt, row.isDated = now, nil
  row.rootCause = nil
  edges.takeUp(row)
  if row.workflowId then
    workflow.open(row, was)
  end
  effects.tell(row, 'reopened')
  queue.place(row)
  edges.spread(row, true)
end
