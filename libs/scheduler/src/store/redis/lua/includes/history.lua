-- What is kept of ends: figures by the minute, attempts, and ended executions until their time is over.
local ATTEMPTS_KEPT = 10
local RECENT_ERRORS_KEPT = 10
-- Executions dropped by one verb; what is over goes with the next ones.
local DROPS_PER_STEP = 250
-- Entries of history that one verb looks at: those that no longer count are passed over.
local LOOKS_PER_STEP = 5000
-- Executions of a dropped workflow that one step drops; the rest of a larger one goes with the steps that follow.
local MEMBERS_PER_STEP = 100
local OUTCOMES = { 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED' }
local LISTS = {
  COMPLETED = 'history',
  FAILED = 'historyFailed',
  CANCELLED = 'historyCancelled',
  SKIPPED = 'historySkipped',
}
-- What of an outcome is kept: at most so many, so old, so large.
local bounds

-- An entry is `<id>` (a plain execution that succeeded), `<id>|<number>` (any other one that stands alone) or
-- `<workflowId>|<number>|w` (`c` where all its executions ended in the short way). Those of this verb, by outcome, in order.
function history.begin()
  history.entries, history.changed = { COMPLETED = {}, FAILED = {}, CANCELLED = {}, SKIPPED = {} }, {}
  bounds = nil
end

function history.rememberError(row, err)
  call('RPUSH', keys.errors, cmsgpack.pack({ row.task, row.id, err, now }))
  call('LTRIM', keys.errors, -RECENT_ERRORS_KEPT, -1)
end

function history.count(row)
  if row.status ~= 'COMPLETED' and row.status ~= 'FAILED' then
    return
  end
  window.count(row.status == 'COMPLETED' and 'c' or 'f', 1, row.startedAt > 0 and now - row.startedAt or 0)
  if row.status == 'FAILED' and row.error then
    history.rememberError(row, row.error)
  end
end

-- Adds the run that ends now to the execution's attempts.
function history.recordAttempt(row, outcome, err)
  row.attempts = row.attempts or {}
  table.insert(row.attempts, { row.runs, row.startedAt, now, row.lastWorkerId or false, outcome, err or false })
  if #row.attempts > ATTEMPTS_KEPT then
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
  call('HINCRBY', keys.holes, LISTS[outcome], 1)
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
  if row.liveDependents > 0 or tasks.isNewest(row) then
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
  enter(found.status, found.id .. '|' .. found.entry .. '|w', found.bytes)
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

-- One more that is alive needs how this one ended: a dependent, or nil where it is the newest of its task.
function history.pin(row, by)
  local found = workflowOf(row)
  if not found then
    return history.keep(row)
  end
  if not by or by.workflowId ~= row.workflowId then
    found.pins = found.pins + 1
    found.dirty = true
    history.keepWorkflow(found)
  end
end

-- The other way round.
function history.unpin(row, by)
  local found = workflowOf(row)
  if not found then
    return history.retire(row)
  end
  if not by or by.workflowId ~= row.workflowId then
    found.pins = found.pins - 1
    found.dirty = true
    history.retireWorkflow(found)
  end
end

local function flush()
  for outcome, entries in pairs(history.entries) do
    if #entries > 0 then
      callAll('RPUSH', keys[LISTS[outcome]], entries)
      history.entries[outcome] = {}
    end
  end
end

local function boundsOf(outcome)
  if not bounds then
    local first = { count = frame.historyCount, age = frame.historyAge, bytes = frame.historyBytes }
    local others = string.gmatch(frame.historyOthers, '(%d+),(%d*),(%d*);')
    bounds = { COMPLETED = first }
    for i = 2, #OUTCOMES do
      local count, age, bytes = others()
      bounds[OUTCOMES[i]] = count and { count = tonumber(count), age = tonumber(age), bytes = tonumber(bytes) } or first
    end
  end
  return bounds[outcome]
end

-- The state of an execution, as far as its drop asks.
local function stateOf(id, text)
  local row = rows.cache[id]
  if row ~= nil then
    return row or nil
  end
  if not text then
    return nil
  end
  if string.byte(text) == 67 then
    return { status = 'COMPLETED', location = 'history', completedAt = tonumber(string.match(text, '^C(%d+)')), isPlain = true }
  end
  -- One that cannot be read is dropped by its id alone.
  return records.tryUnpackRow(text)
end

-- What stands behind entries of history, by entry, where these still count: { id, state } or { found }.
local function unitsOf(entries)
  local ids, workflows = {}, {}
  for _, entry in ipairs(entries) do
    local id, kind = string.match(entry, '^([^|]+)|?%d*|?(%a?)$')
    table.insert(kind == '' and ids or workflows, id)
  end
  workflow.fetch(workflows)
  local texts = {}
  for i, text in ipairs(readAll('HMGET', keys.state, ids)) do
    texts[ids[i]] = text
  end
  local units = {}
  for _, entry in ipairs(entries) do
    local id, number, kind = string.match(entry, '^([^|]+)|?(%d*)|?(%a?)$')
    if kind ~= '' then
      local found = workflow.get(id)
      if found and found.entry == tonumber(number) then
        units[entry] = { found = found, completedAt = found.completed, bytes = found.bytes, size = found.size }
      end
    else
      local state = stateOf(id, texts[id])
      if state and state.location == 'history' and (state.isPlain and id or state.historyEntry or id) == entry then
        units[entry] = { id = id, state = state, completedAt = state.completedAt, bytes = state.historyBytes or 0, size = 1 }
      end
    end
  end
  return units
end

-- Drops executions with all that belongs to them; `states[i]` is nil where nothing is known of one.
local function drop(ids, states)
  local keysGone = {}
  for i, id in ipairs(ids) do
    local state = states[i] or {}
    if state.status then
      frame.count(state.status, -1)
    end
    if state.edgeCount then
      keysGone[#keysGone + 1] = keys.edges(id)
    end
    if (state.dependentCount or 0) > #(state.dependentNames or {}) then
      keysGone[#keysGone + 1] = keys.dependents(id)
    end
    if state.hasLogs then
      keysGone[#keysGone + 1] = keys.logs(id)
    end
    state.location = 'gone'
    rows.cache[id] = false
    rows.dirty[id] = nil
  end
  for _, key in ipairs({ keys.static, keys.state, keys.extra, keys.progress }) do
    callAll('HDEL', key, ids)
  end
  for _, key in ipairs(keysGone) do
    call('UNLINK', key)
  end
  if call('EXISTS', keys.old) == 1 then
    callAll('ZREM', keys.old, ids)
  end
end

local function dropMembers(ids)
  local states = {}
  for i, text in ipairs(readAll('HMGET', keys.state, ids)) do
    states[i] = stateOf(ids[i], text)
  end
  drop(ids, states)
end

-- Drops the next executions of workflows that were dropped. Returns whether none is left.
function history.dropNext()
  local ids = call('LPOP', keys.going, MEMBERS_PER_STEP)
  if ids then
    dropMembers(ids)
  end
  return not ids or call('EXISTS', keys.going) == 0
end

-- From here on nobody sees any of it; the executions of a large one go step by step.
local function dropWorkflow(found)
  local ids = workflow.record(found.id).ids
  workflow.forget({ found.id })
  if #ids <= MEMBERS_PER_STEP then
    return dropMembers(ids)
  end
  if call('EXISTS', keys.going) == 0 then
    dependency.add({ '', 'drop', 0 })
  end
  callAll('RPUSH', keys.going, ids)
end

-- Drops the oldest of an outcome beyond count, age and bytes. Returns how many executions, and whether more are over.
local function trimOutcome(outcome, limit)
  local list, bound = LISTS[outcome], boundsOf(outcome)
  local size = call('LLEN', keys[list]) - (tonumber(call('HGET', keys.holes, list)) or 0)
  if size <= bound.count and not bound.age and not bound.bytes then
    return 0, false
  end
  local counter = 'historyBytes:' .. outcome
  local bytes = (tonumber(call('HGET', keys.counters, counter)) or 0) + (frame.counts[counter] or 0)
  local ids, states, workflows, done, holes, looked = {}, {}, {}, 0, 0, 0
  local isEnough = false
  local function isOver(unit)
    return size > bound.count
      or (bound.bytes ~= nil and bytes > bound.bytes)
      or (bound.age ~= nil and unit.completedAt <= now - bound.age)
  end
  while not isEnough and looked < LOOKS_PER_STEP do
    local entries = call('LRANGE', keys[list], looked, looked + 99)
    if #entries == 0 then
      break
    end
    local units = unitsOf(entries)
    for _, entry in ipairs(entries) do
      local unit = units[entry]
      if unit and (done >= limit or not isOver(unit)) then
        isEnough = true
        break
      end
      looked = looked + 1
      if unit then
        size = size - 1
        bytes = bytes - unit.bytes
        done = done + math.max(1, math.min(unit.size, MEMBERS_PER_STEP))
        if unit.bytes > 0 then
          frame.count(counter, -unit.bytes)
        end
        if unit.found then
          workflows[#workflows + 1] = unit.found
        else
          ids[#ids + 1], states[#states + 1] = unit.id, unit.state
        end
      else
        holes = holes + 1
      end
    end
  end
  if looked > 0 then
    call('LPOP', keys[list], looked)
  end
  if holes > 0 then
    call('HINCRBY', keys.holes, list, -holes)
  end
  if #ids > 0 then
    drop(ids, states)
  end
  for _, found in ipairs(workflows) do
    dropWorkflow(found)
  end
  return done, done >= limit or looked >= LOOKS_PER_STEP
end

-- Drops what history holds beyond its bounds. Returns how many executions, and whether more are over.
function history.trim(limit)
  flush()
  local done, more = 0, false
  for _, outcome in ipairs(OUTCOMES) do
    local dropped, isMore = trimOutcome(outcome, limit)
    done, more = done + dropped, more or isMore
  end
  return done, more
end

-- At the end of a verb: what left for history is there, and what is over goes.
function history.settle()
  flush()
  for outcome in pairs(history.changed) do
    trimOutcome(outcome, DROPS_PER_STEP)
  end
  history.changed = {}
end
