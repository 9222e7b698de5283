-- The one way to an end, for success, failure, cancel, skip, timeout and lost workers alike; and the way back.

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
  if row.st == 'RUNNING' then
    finish.stopRun(row)
  else
    queue.leave(row)
  end
  rows.move(row, status)
  row.ca = now
  row.res, row.err, row.rs = outcome.res, outcome.err, outcome.reason
  row.pl = 'kept'
  frame.count(END[status], 1)
  history.count(row)
  -- The worker whose run it was tells itself, as of a plain one.
  if not (finish.tellsItself and status == 'COMPLETED') or effects.isWantedElsewhere('completed') then
    effects.tell(row, END[status])
  end
  lock.release(row)
  if row.ed then
    edges.letGo(row)
  end
  edges.spread(row, false)
  if row.wf then
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
  local stopped = finish.stopped[row.w] or {}
  finish.stopped[row.w] = stopped
  stopped[#stopped + 1] = row.id
  if finish.anyHanded == nil then
    finish.anyHanded = call('EXISTS', keys.handed) == 1
  end
  if finish.anyHanded then
    call('HDEL', keys.handed, row.id)
  end
  queue.counted(queue.get(row.queue), 0, -1)
  row.w, row.no = nil, nil
  if row.bd then
    call('ZREM', keys.bounds, row.bd)
  end
  if row.gr then
    call('ZREM', keys.graces, row.gr)
  end
  row.bd, row.gr = nil, nil
  rows.touch(row)
end

-- An ended execution runs again, with a fresh budget.
function finish.reopen(row)
  history.keep(row)
  local was = row.st
  rows.move(row, 'PENDING')
  row.f, row.cx, row.sz = nil, nil, nil
  row.a = row.a + 1
  row.ca, row.cr = nil, nil
  row.res, row.err, row.rs = nil, nil, nil
  row.at, row.dt = now, nil
  row.rc = nil
  edges.takeUp(row)
  if row.wf then
    workflow.open(row, was)
  end
  effects.tell(row, 'reopened')
  queue.place(row)
  edges.spread(row, true)
end
