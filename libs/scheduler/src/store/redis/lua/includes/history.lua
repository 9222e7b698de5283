-- What is kept of ends: figures by the minute, attempts, and ended executions until their time is over.
local history = {}

-- The keys of the lists, by outcome.
history.LISTS = {
  COMPLETED = 'history',
  FAILED = 'historyFailed',
  CANCELLED = 'historyCancelled',
  SKIPPED = 'historySkipped',
}

-- An entry is `<id>` (a simple execution that succeeded), `<id>|<number>` (any other one that stands alone) or
-- `<workflowId>|<number>|w` (`c` where all its executions ended in the short way). Those of this verb, by outcome, in order.
function history.begin()
  history.entries, history.changed = { COMPLETED = {}, FAILED = {}, CANCELLED = {}, SKIPPED = {} }, {}
end

function history.rememberError(row, err)
  call('RPUSH', keys.errors, cmsgpack.pack({ row.task, row.id, err, now }))
  call('LTRIM', keys.errors, -limits.RECENT_ERRORS_KEPT, -1)
end

-- Adds the run that ends now to the execution's attempts.
function history.recordAttempt(row, outcome, err)
  row.attempts = row.attempts or {}
  table.insert(row.attempts, { row.runs, row.startedAt, now, row.lastWorkerId or false, outcome, err or false })
  if #row.attempts > limits.ATTEMPTS_KEPT then
    table.remove(row.attempts, 1)
  end
  rows.touch(row)
end

local function enter(outcome, entry, bytes)
  table.insert(history.entries[outcome], entry)
  history.changed[outcome] = true
  if bytes > 0 then
    frame.count('historyBytes:' .. outcome, bytes)
  end
end

local function leave(outcome, bytes)
  call('HINCRBY', keys.tombstones, history.LISTS[outcome], 1)
  if bytes > 0 then
    frame.count('historyBytes:' .. outcome, -bytes)
  end
end

-- Bytes of payload and result.
function history.weigh(row)
  return #row.record - row.payloadStart + 1 + #(row.result or '')
end

-- The workflow with which an execution is kept or dropped; nil: it stands alone.
local function workflowOf(row)
  return row.workflowId and workflow.get(row.workflowId) or nil
end

-- Moves an ended execution into history, once nobody alive needs it: alone, or with its whole workflow.
function history.retire(row)
  if row.location ~= 'kept' then
    return
  end
  local found = workflowOf(row)
  if found then
    return history.retireWorkflow(found)
  end
  if row.liveDependents > 0 or row.isKeptForEdges or row.isArriving or tasks.isNewest(row) then
    return
  end
  row.location = 'history'
  row.historyEntry = row.id .. '|' .. frame.next()
  row.historyBytes = frame.weighs and history.weigh(row) or nil
  enter(row.status, row.historyEntry, row.historyBytes or 0)
  rows.touch(row)
end

-- Moves an ended workflow into history, once nobody outside of it needs any of its executions.
function history.retireWorkflow(found)
  if found.open > 0 or found.pins > 0 or found.entry > 0 then
    return
  end
  found.entry = frame.next()
  found.dirty = true
  enter(found.status, found.id .. '|' .. found.entry .. '|' .. codes.WORKFLOW_ENTRY, found.bytes)
end

-- Takes an ended execution that stands alone out of history, since someone alive needs it again.
function history.keep(row)
  if row.location ~= 'history' then
    return
  end
  leave(row.status, row.historyBytes or 0)
  row.historyEntry, row.historyBytes = nil, nil
  row.location = 'kept'
  rows.touch(row)
end

-- Takes a workflow out of history.
function history.keepWorkflow(found)
  if found.entry > 0 then
    leave(found.status, found.bytes)
    found.entry = 0
    found.dirty = true
  end
end

-- One more that is alive needs how this one ended, from outside of its workflow.
function history.pin(row)
  local found = workflowOf(row)
  if not found then
    return history.keep(row)
  end
  found.pins = found.pins + 1
  found.dirty = true
  history.keepWorkflow(found)
end

-- The other way round.
function history.unpin(row)
  local found = workflowOf(row)
  if not found then
    return history.retire(row)
  end
  found.pins = found.pins - 1
  found.dirty = true
  history.retireWorkflow(found)
end

-- As unpin, of one that runs again.
function history.forgetPin(row)
  local found = workflowOf(row)
  if found then
    found.pins = found.pins - 1
    found.dirty = true
  end
end

-- Writes the entries of this verb.
function history.flush()
  for outcome, entries in pairs(history.entries) do
    if #entries > 0 then
      callAll('RPUSH', keys[history.LISTS[outcome]], entries)
      history.entries[outcome] = {}
    end
  end
end
