-- Drops ended executions and workflows beyond the bounds of history.
local trim = {}

-- Executions dropped by one verb; what is over goes with the next ones.
local DROPS_PER_STEP = 250
-- Entries of history that one verb looks at: those that no longer count are passed over.
local LOOKS_PER_STEP = 5000
-- Executions of a dropped workflow that one step drops; the rest of a larger one goes with the steps that follow.
local MEMBERS_PER_STEP = 100
-- Entries that are looked at together: at first, and where their states were small.
local FEW, MANY, SMALL = 4, 100, 65536
local OUTCOMES = { 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED' }
-- What of an outcome is kept: at most so many, so old, so large.
local bounds
-- Bytes of states of members that this verb may still read.
local mayRead

function trim.begin()
  bounds, mayRead = nil, STEP_BYTES
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
  if records.isCompleted(text) then
    local ok, completedAt = pcall(records.parseCompleted, text)
    return ok and { status = 'COMPLETED', location = 'history', completedAt = completedAt, isPlain = true } or nil
  end
  -- One that cannot be read is dropped by its id alone.
  return fields.tryUnpack(text)
end

-- What stands behind entries of history, by entry, where these still count: { id, state } or { found }. And bytes that were
-- read for that.
local function unitsOf(entries)
  local ids, workflows = {}, {}
  for _, entry in ipairs(entries) do
    local id, kind = string.match(entry, '^([^|]+)|?%d*|?(%a?)$')
    if id then
      table.insert(kind == '' and ids or workflows, id)
    end
  end
  workflow.fetch(workflows)
  local texts, bytes = {}, 0
  for i, text in ipairs(readAll('HMGET', keys.state, ids)) do
    texts[ids[i]] = text
    bytes = bytes + (text and #text or 0)
  end
  local units = {}
  for _, entry in ipairs(entries) do
    local id, number, kind = string.match(entry, '^([^|]+)|?(%d*)|?(%a?)$')
    if not id then
      -- It is unreadable, and was never counted.
      units[entry] = false
    elseif kind ~= '' then
      local found = workflow.get(id)
      if found and found.entry == tonumber(number) then
        units[entry] = { found = found, completedAt = found.completedAt, bytes = found.bytes, size = found.size }
      end
    else
      local state = stateOf(id, texts[id])
      if state and state.location == 'history' and (state.isPlain and id or state.historyEntry or id) == entry then
        units[entry] =
          { id = id, state = state, completedAt = state.completedAt or 0, bytes = state.historyBytes or 0, size = 1 }
      end
    end
  end
  return units, bytes
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

-- Drops executions in their order, as far as this verb may read their states. Returns the others.
local function dropMembers(ids)
  local done, read = readSome(ids, mayRead, function(part)
    local states, bytes = {}, 0
    for i, text in ipairs(readAll('HMGET', keys.state, part)) do
      states[i] = stateOf(part[i], text)
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
  local ids = call('LPOP', keys.going, MEMBERS_PER_STEP)
  local others = ids and dropMembers(ids) or {}
  for i = #others, 1, -1 do
    call('LPUSH', keys.going, others[i])
  end
  return not ids or call('EXISTS', keys.going) == 0
end

-- From here on nobody sees any of it; the executions of a large one go step by step.
local function dropWorkflow(found)
  local ids = workflow.record(found.id).ids
  workflow.forget({ found.id })
  local others = #ids <= MEMBERS_PER_STEP and dropMembers(ids) or ids
  if #others > 0 then
    if call('EXISTS', keys.going) == 0 then
      stepTable.addDrop()
    end
    callAll('RPUSH', keys.going, others)
  end
end

-- Drops the oldest of an outcome beyond count, age and bytes. Returns how many executions, and whether more are over.
local function trimOutcome(outcome, limit)
  local list, bound = history.LISTS[outcome], boundsOf(outcome)
  local size = call('LLEN', keys[list]) - (tonumber(call('HGET', keys.tombstones, list)) or 0)
  if size <= bound.count and not bound.age and not bound.bytes then
    return 0, false
  end
  local counter = 'historyBytes:' .. outcome
  local bytes = (tonumber(call('HGET', keys.counters, counter)) or 0) + (frame.counts[counter] or 0)
  local ids, states, workflows, done, tombstones, looked = {}, {}, {}, 0, 0, 0
  local isEnough = false
  local function isOver(unit)
    return size > bound.count
      or (bound.bytes ~= nil and bytes > bound.bytes)
      or (bound.age ~= nil and unit.completedAt <= now - bound.age)
  end
  local read, many = 0, FEW
  while not isEnough and looked < LOOKS_PER_STEP and read <= STEP_BYTES do
    local entries = call('LRANGE', keys[list], looked, looked + many - 1)
    if #entries == 0 then
      break
    end
    local units, size_ = unitsOf(entries)
    read, many = read + size_, size_ < SMALL and MANY or FEW
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
      elseif unit == nil then
        tombstones = tombstones + 1
      end
    end
  end
  if looked > 0 then
    call('LPOP', keys[list], looked)
  end
  if tombstones > 0 then
    call('HINCRBY', keys.tombstones, list, -tombstones)
  end
  if #ids > 0 then
    drop(ids, states)
  end
  for _, found in ipairs(workflows) do
    dropWorkflow(found)
  end
  return done, done >= limit or looked >= LOOKS_PER_STEP or read > STEP_BYTES
end

-- Drops what history holds beyond its bounds. Returns how many executions, and whether more are over.
function trim.all(limit)
  history.flush()
  local done, more = 0, false
  for _, outcome in ipairs(OUTCOMES) do
    local dropped, isMore = trimOutcome(outcome, limit)
    done, more = done + dropped, more or isMore
  end
  return done, more
end

-- At the end of a verb: what left for history is there, and what is over goes.
function trim.changed()
  history.flush()
  for outcome in pairs(history.changed) do
    trimOutcome(outcome, DROPS_PER_STEP)
  end
  history.changed = {}
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
      call('ZADD', keys.old, frame.popped + i, id)
    end
  end
  frame.popped = frame.popped + #ids
  call('HSET', keys.meta, 'popped', frame.popped)
end
