-- The tables of the engine on Redis, see engine/tables.ts.
local tables = { workflows = workflow.table, edgeBudget = {} }

-- Whether there are more recent errors than are kept.
local tooManyErrors

function tables.begin()
  -- Set of executions that are known to have ended without having waited for any other, and are not read.
  tables.endedAlone = {}
  tooManyErrors = false
  tables.now, tables.lease, tables.maxAttemptDuration = now, context.lease, context.maxAttempt
  local left = tables.edgeBudget
  left.toDecide, left.toMove, left.bytes = limits.EDGES_PER_STEP, limits.EDGES_PER_STEP, STEP_BYTES
end

function tables:steadyTime()
  return context.steady
end

function tables:attendedTime()
  return context.attendedTime()
end

function tables:nextNumber()
  return context.nextNumber()
end

function tables:nextFencingToken()
  return call('HINCRBY', keys.meta, 'fencing', 1)
end

function tables:count(counter, by)
  context.count(counter, by)
end

function tables:execution(id)
  return id and rows.get(id)
end

function tables:unfinished(id)
  local row = id and rows.get(id)
  return row and not rows.isTerminal(row) and row or nil
end

function tables:lastTick(schedule)
  local id = schedule.lastExecutionId
  return id and not tables.endedAlone[id] and rows.get(id) or nil
end

function tables:lastStepBack()
  return tonumber(call('HGET', keys.meta, 'steppedBack')) or 0
end

function tables:createTick(schedule, id, tick)
  tick.extra.schedule = schedule.id
  return create.row(id, tick.part, tick.extra)
end

function tables:admitTick(row, tick, after)
  if after then
    tick.extra.edges = tick.extra.edges or {}
    table.insert(tick.extra.edges, edgeTable:toPrevious(after))
  end
  create.admit(row, tick.extra)
end

function tables:touchExecution(row)
  rows.touch(row)
end

function tables:move(row, by, status)
  if by == 'claim' and rows.isSimple[row.id] then
    -- It gets no state: its running entry is sufficient.
    rows.setStatus(row, status)
  else
    rows.move(row, status)
  end
end

function tables:emitExecution(row, change)
  -- The worker of the run emits it itself.
  if change == 'completed' and runTable.reported[row.id] and not effects.isSubscribedElsewhere('completed') then
    return
  end
  effects.emit(row, change)
end

function tables:countInMinute(status, duration)
  window.count(status == 'COMPLETED' and codes.FIGURE.completed or codes.FIGURE.failed, 1, duration)
end

function tables:runTime(row)
  return math.max(0, now - row.startedAt - (runTable.stepped[row.id] or 0))
end

function tables:makeError(name, message, code)
  return '{"name":"' .. name .. '","message":' .. cjson.encode(message) .. ',"stack":null,"code":"' .. code .. '"}'
end

function tables:rootCauseOf(row)
  return row.rootCause or { row.id, row.task, row.status }
end

-- Written at once: where that fails, the settlement fails as a whole.
function tables:addRecentError(row, err)
  tooManyErrors = call('RPUSH', keys.errors, cmsgpack.pack({ row.task, row.id, err, now })) > limits.RECENT_ERRORS_KEPT
end

-- Keeps the newest errors.
function tables.trimRecentErrors()
  if tooManyErrors then
    call('LTRIM', keys.errors, -limits.RECENT_ERRORS_KEPT, -1)
  end
  tooManyErrors = false
end

function tables:newest(task)
  return tasks.newest(task) or nil
end

function tables:isWatched(row)
  return tasks.isWatched(row.task)
end

function tables:isNewest(row)
  return tasks.isNewest(row)
end

function tables:replaceNewest(row)
  local last = tasks.newest(row.task)
  tasks.setNewest(row)
  return last or nil
end

function tables:emitWorkflow(workflowRow)
  effects.push({ 'workflow', workflowRow.id, workflowRow.status, now })
end

function tables:emitLock(change, lock, owner)
  effects.push({ 'lock', change, lock.key, owner, lock.fencingToken, now })
end

function tables:queueOf(row)
  return queueTable.find(row.queue)
end

function tables:wake(queue)
  if not queue.paused then
    effects.wake(queue.name)
  end
end

function tables:emitQueue(change, queue)
  effects.push({ 'queue', change, queue.name, now })
end

function tables:emitSchedule(schedule, change)
  effects.push({ 'schedule', change, schedule.id, schedule.taskId, now })
end

function tables:emitWorker(change, worker)
  effects.push({ 'worker', change, worker.id, now })
end

function tables:emitStale(worker, run)
  effects.push({ 'stale', run.executionId, run.leaseToken, worker.id, now })
end

function tables:emitDue(at)
  effects.push({ 'due', at })
end
