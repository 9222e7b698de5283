-- Drops what the engine has found to be more than history keeps.
local trim = {}

-- Executions of a dropped workflow that one step drops; the rest of a larger one goes with the steps that follow.
trim.MEMBERS_PER_STEP = 100
-- Bytes of states of members that this verb may still read.
local mayRead

function trim.begin()
  mayRead = STEP_BYTES
end

-- Drops executions with all that belongs to them; `states[i]` is nil where nothing is known of one.
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

-- Drops executions in their order, as far as this verb may read their states. Returns the others.
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

-- Drops the next executions of workflows that were dropped. Returns whether none is left.
function trim.dropNext()
  local ids = call('LPOP', keys.droppedMembers, trim.MEMBERS_PER_STEP)
  local others = ids and dropMembers(ids) or {}
  for i = #others, 1, -1 do
    call('LPUSH', keys.droppedMembers, others[i])
  end
  return not ids or call('EXISTS', keys.droppedMembers) == 0
end

-- From here on nobody sees any of it; the executions of a large one go step by step.
local function dropWorkflow(found)
  local ids = workflow.record(found.id).ids
  workflow.forget({ found.id })
  local others = #ids <= trim.MEMBERS_PER_STEP and dropMembers(ids) or ids
  if #others > 0 then
    if call('EXISTS', keys.droppedMembers) == 0 then
      stepTable.addDrop()
    end
    callAll('RPUSH', keys.droppedMembers, others)
  end
end

-- Writes what the engine has dropped.
local function apply()
  for _, shelf in pairs(historyTable.takePassed()) do
    if #shelf.ids > 0 then
      drop(shelf.ids, shelf.states)
    end
    for _, found in ipairs(shelf.workflows) do
      dropWorkflow(found)
    end
  end
end

-- Drops what history holds beyond its bounds. Returns how many executions, and whether more may be over.
function trim.all(limit)
  historyTable.flush()
  local trimmed = engine.history.trim(tables, limit)
  apply()
  return trimmed.done, trimmed.isOver
end

-- At the end of a verb: what left for history is there, and what is over goes.
function trim.grown()
  historyTable.flush()
  engine.history.trimGrown(tables, limits.DROPS_PER_STEP)
  apply()
end

-- Removes ids at the old end of `all` that are gone; the few that live on are kept by number. `all` is a list, since a list
-- costs least, so that ids leave it some time after their executions.
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
