-- What is kept of ends: figures by the minute, attempts, and ended executions until their time is over.

local ATTEMPTS_KEPT = 10
local RECENT_ERRORS_KEPT = 10
-- Executions dropped by one verb; what is over goes with the next ones.
local DROPS_PER_STEP = 1000

function history.rememberError(row, err)
  call('RPUSH', keys.errors, cmsgpack.pack({ row.task, row.id, err, now }))
  call('LTRIM', keys.errors, -RECENT_ERRORS_KEPT, -1)
end

function history.count(row)
  if row.st ~= 'COMPLETED' and row.st ~= 'FAILED' then
    return
  end
  window.countEnds(row.st == 'COMPLETED' and 'c' or 'f', 1, row.sa > 0 and now - row.sa or 0)
  if row.st == 'FAILED' and row.err then
    history.rememberError(row, row.err)
  end
end

-- Adds the run that ends now to the execution's attempts.
function history.recordAttempt(row, outcome, err)
  row.ats = row.ats or {}
  table.insert(row.ats, { row.r, row.sa, now, row.wi or false, outcome, err or false })
  if #row.ats > ATTEMPTS_KEPT then
    table.remove(row.ats, 1)
  end
  rows.touch(row)
end

local function bytes(row)
  return #row.record - row.body + 1 + #(row.res or '')
end

-- Drops an execution with all that belongs to it.
local function drop(row)
  row.pl = 'gone'
  frame.count(row.st, -1)
  if frame.historyBytes then
    frame.count('historyBytes', -bytes(row))
  end
  call('HDEL', keys.static, row.id)
  call('HDEL', keys.state, row.id)
  if row.flags ~= '' then
    call('HDEL', keys.extra, row.id)
  end
  if row.ed or row.nd or row.lg then
    call('UNLINK', keys.edges(row.id), keys.dependents(row.id), keys.logs(row.id))
  end
  if row.wf then
    workflow.remember(row)
  end
  if row.pg then
    call('HDEL', keys.progress, row.id)
  end
  call('ZREM', keys.old, row.id)
  rows.cache[row.id] = false
end

local function isOver(size, oldest)
  if size > frame.historyCount then
    return true
  end
  if frame.historyBytes then
    local total = (tonumber(call('HGET', keys.counters, 'historyBytes')) or 0) + (frame.counts.historyBytes or 0)
    if total > frame.historyBytes then
      return true
    end
  end
  return frame.historyAge ~= nil and oldest.ca <= now - frame.historyAge
end

-- Drops the oldest history beyond count, age and bytes. Returns how many.
function history.trim(limit)
  local done = 0
  local holes = tonumber(call('HGET', keys.holes, 'h')) or 0
  local size = call('LLEN', keys.history) - holes
  local bounded = frame.historyAge ~= nil or frame.historyBytes ~= nil
  if size <= frame.historyCount and not bounded then
    return 0
  end
  while done < limit and size > 0 do
    local entry = call('LINDEX', keys.history, 0)
    local id = string.match(entry, '^[^|]+')
    local row = rows.get(id)
    if not row or row.pl ~= 'history' or (row.hn or id) ~= entry then
      call('LPOP', keys.history)
      call('HINCRBY', keys.holes, 'h', -1)
    else
      if not isOver(size, row) then
        break
      end
      call('LPOP', keys.history)
      drop(row)
      size = size - 1
      done = done + 1
    end
  end
  return done
end

-- Moves an ended execution into history, once nobody alive needs it; history is trimmed in the same breath.
function history.retire(row)
  if row.pl ~= 'kept' then
    return
  end
  if (row.ld or 0) > 0 or (row.wf and workflow.isOpen(row.wf)) then
    return
  end
  if tasks.isNewest(row) then
    return
  end
  row.pl = 'history'
  row.hn = row.id .. '|' .. frame.next()
  call('RPUSH', keys.history, row.hn)
  if frame.historyBytes then
    frame.count('historyBytes', bytes(row))
  end
  rows.touch(row)
  history.trim(DROPS_PER_STEP)
end

-- Takes an ended execution out of history, since someone alive needs it again.
function history.keep(row)
  if row.pl ~= 'history' then
    return
  end
  call('HINCRBY', keys.holes, 'h', 1)
  row.hn = nil
  if frame.historyBytes then
    frame.count('historyBytes', -bytes(row))
  end
  row.pl = 'kept'
  rows.touch(row)
end
