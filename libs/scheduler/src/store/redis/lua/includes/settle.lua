-- How runs end, one by one.
local settle = {}

-- The run's row if the token is current, else nil.
function settle.current(id, attempt)
  local row = rows.get(id)
  if row and row.status == 'RUNNING' and row.leaseToken == attempt then
    return row
  end
  return nil
end

-- Takes a run from its worker so that its token is worth nothing. Its lock goes when the row has its place: behind the next
-- one's.
function settle.giveUp(row)
  finish.stopRun(row)
  row.leaseToken = row.leaseToken + 1
end

local function retry(row, err, delay)
  row.failures = row.failures + 1
  history.recordAttempt(row, 'FAILED', err)
  if err then
    history.rememberError(row, err)
  end
  settle.giveUp(row)
  rows.move(row, 'RETRYING')
  row.error = err
  frame.count('retried', 1)
  row.dueAt, row.isDated = now + delay, nil
  effects.tell(row, 'retrying')
  queue.place(row)
  engine.lock.release(tables, row)
end

-- Its handler has put it off: nothing has failed.
local function snooze(row, err, delay)
  row.snoozes = row.snoozes + 1
  history.recordAttempt(row, 'SNOOZED', err)
  settle.giveUp(row)
  rows.move(row, 'RETRYING')
  row.error, row.reason = nil, 'SNOOZED'
  frame.count('snoozed', 1)
  row.dueAt, row.isDated = now + delay, nil
  effects.tell(row, 'retrying')
  queue.place(row)
  engine.lock.release(tables, row)
end

-- Back to the head of its queue, as if it had not been claimed.
function settle.release(row)
  settle.giveUp(row)
  row.runs = row.runs - 1
  rows.move(row, 'PENDING')
  frame.count('released', 1)
  effects.tell(row, 'released')
  queue.pushHead(row)
  engine.lock.release(tables, row)
end

-- The store's own end of a run that was asked to cancel.
function settle.finalizeCancel(row)
  row.leaseToken = row.leaseToken + 1
  history.recordAttempt(row, 'CANCELLED', nil)
  finish.finish(row, 'CANCELLED', { reason = 'CANCELLED' })
end

-- Commits how a run ended. The caller has checked that the token is current. text: result, error or (of a release) the
-- lock that it needs from now on; '' for none.
function settle.apply(row, kind, text, reason, delay)
  local value = text ~= '' and text or nil
  -- Asked to cancel: only a success still wins.
  if row.cancelRequestedAt > 0 and kind ~= 'c' then
    local err = kind == 'l' and nil or value
    history.recordAttempt(row, 'CANCELLED', err)
    finish.finish(row, 'CANCELLED', { error = err, reason = 'CANCELLED' })
  elseif kind == 'c' then
    if row.attempts then
      history.recordAttempt(row, 'COMPLETED', nil)
    end
    finish.finish(row, 'COMPLETED', { result = value })
  elseif kind == 'f' then
    history.recordAttempt(row, 'FAILED', value)
    finish.finish(row, 'FAILED', { error = value, reason = reason })
  elseif kind == 'x' then
    history.recordAttempt(row, 'CANCELLED', value)
    finish.finish(row, 'CANCELLED', { error = value, reason = 'CANCELLED' })
  elseif kind == 'r' then
    retry(row, value, delay)
  elseif kind == 's' then
    snooze(row, value, delay)
  else
    settle.release(row)
    if value and not row.lockKey then
      -- It was scheduled before its task required a lock.
      local need = cjson.decode(value)
      row.lockKey, row.lockTimeout, row.lockMaxWait =
        need.key, need.timeout, need.maxWait ~= cjson.null and need.maxWait or nil
    end
  end
end

-- Commits a settlement of this worker's own; a token that is no longer current changes nothing.
function settle.own(workerId, id, attempt, kind, text, reason, delay)
  local row = settle.current(id, attempt)
  if not row or row.workerId ~= workerId then
    frame.count('stale', 1)
    effects.push({ 'stale', id, attempt, workerId, now })
    return false
  end
  settle.apply(row, kind, text, reason, delay)
  return true
end
