-- Deletes what the engine drops from history.
local trim = {}

-- Members of a dropped workflow that one step deletes; later steps delete the rest.
trim.MEMBERS_PER_STEP = 100
-- Bytes of members' states that this verb may still read.
local mayRead

function trim.begin()
  mayRead = STEP_BYTES
end

-- Deletes executions with all their data; `states[i]` is nil if nothing is known of one.
local function drop(ids, states)
  local keysGone = {}
  for i, id in ipairs(ids) do
    local state = states[i] or {}
    if state.status then
      context.count(state.status, -1)
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
    if state.attemptCount then
      keysGone[#keysGone + 1] = keys.attempts(id)
    end
    state.location = 'gone'
    rows.cache[id] = false
    rows.dirty[id], rows.unreadable[id] = nil, nil
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

-- Deletes executions in order, as far as this verb may read their states. Returns the others.
local function dropMembers(ids)
  local done, read = readSome(ids, mayRead, function(part)
    local states, bytes = {}, 0
    for i, text in ipairs(readAll('HMGET', keys.state, part)) do
      states[i] = historyTable.stateOf(part[i], text)
      bytes = bytes + (text and #text or 0)
    end
    drop(part, states)
    return bytes
  end)
  mayRead = mayRead - read
  local others = {}
  for i = done + 1, #ids do
    others[#others + 1] = ids[i]
  end
  return others
end

-- Deletes the next members of dropped workflows. Returns whether none remains.
function trim.dropNext()
  local ids = call('LPOP', keys.droppedMembers, trim.MEMBERS_PER_STEP)
  local others = ids and dropMembers(ids) or {}
  for i = #others, 1, -1 do
    call('LPUSH', keys.droppedMembers, others[i])
  end
  return not ids or call('EXISTS', keys.droppedMembers) == 0
end

-- From here on the workflow is invisible; the members of a large one are deleted in steps.
local function dropWorkflow(workflowRow)
  local ids = workflow.record(workflowRow.id).ids
  workflow.forget({ workflowRow.id })
  local others = #ids <= trim.MEMBERS_PER_STEP and dropMembers(ids) or ids
  if #others > 0 then
    if call('EXISTS', keys.droppedMembers) == 0 then
      stepTable.addDrop()
    end
    callAll('RPUSH', keys.droppedMembers, others)
  end
end

-- Deletes what the engine has dropped.
local function apply()
  for _, shelf in pairs(historyTable.takePassed()) do
    if #shelf.ids > 0 then
      drop(shelf.ids, shelf.states)
    end
    for _, workflowRow in ipairs(shelf.workflows) do
      dropWorkflow(workflowRow)
    end
  end
end

-- Trims history to its bounds. Returns how many executions were dropped, and whether there may be more.
function trim.all(limit)
  historyTable.flush()
  local trimmed = engine.history.trim(tables, limit)
  apply()
  return trimmed.done, trimmed.isOver
end

-- At the end of a verb: writes new entries, and trims the outcomes that have them.
function trim.grown()
  historyTable.flush()
  engine.history.trimGrown(tables, limits.DROPS_PER_STEP)
  apply()
end

-- Removes deleted ids from the old end of `all`; the few that still exist are kept in `old` by number. `all` is a list, the
-- cheapest type, so ids leave it some time after their executions.
function trim.index(limit)
  local length = call('LLEN', keys.all)
  if length <= 2 * call('HLEN', keys.static) + 1000 then
    return
  end
  local ids = call('LPOP', keys.all, limit)
  for i, id in ipairs(ids) do
    -- Its record may be large, and is not read.
    if call('HEXISTS', keys.static, id) == 1 then
      call('ZADD', keys.old, context.idsRemoved + i, id)
    end
  end
  context.idsRemoved = context.idsRemoved + #ids
  call('HSET', keys.meta, 'popped', context.idsRemoved)
end
