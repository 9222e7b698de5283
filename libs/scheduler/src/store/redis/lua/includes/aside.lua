-- Sets aside what cannot be treated, with its stored texts and the error, so that it does not block anything else.
-- orphans.lua finds what waits for it.
local aside = {}

local ENTRIES_KEPT = 1000
-- Maximum bytes stored of each text.
local TEXT_KEPT = 100000

-- Entries that this verb has removed from their lists.
local withoutEntry

function aside.begin()
  -- The first failed command of this verb, see `attempt`; whether anything was set aside.
  aside.failure, aside.isAny = nil, false
  withoutEntry = {}
end

local function textOf(err)
  return type(err) == 'table' and tostring(err.err) or tostring(err)
end

-- Whether the error is a server's reply: it begins with a code, where Lua's begins with a position.
local function isOfServer(err)
  return string.find(textOf(err), '^%u+ ') ~= nil
end

-- Lets orphans.lua find what waits for it.
local function startOrphanSearch()
  if aside.isAny then
    return
  end
  aside.isAny = true
  local cursor = call('HGET', keys.meta, 'orphans')
  call('HSET', keys.meta, 'orphans', cursor and string.gsub(cursor, '%d$', '1') or 'e|0|1|0')
  effects.push({ 'due', now })
end

-- texts: what was stored; false for nothing.
function aside.put(step, id, err, texts)
  local message = string.sub(textOf(err), 1, 500)
  for i, text in ipairs(texts) do
    texts[i] = text and string.sub(text, 1, TEXT_KEPT)
  end
  call('RPUSH', keys.aside, cmsgpack.pack({ step, id, message, now, texts }))
  call('LTRIM', keys.aside, -ENTRIES_KEPT, -1)
  context.count('setAside', 1)
  effects.push({ 'aside', step, id, message, now })
  startOrphanSearch()
end

-- Removes a run from the worker that has it. Returns whether one has.
local function dropRun(id)
  local isAny = false
  -- Data that names no execution; that entry of a worker is no run, see workerTable.lua.
  if id == '' then
    return false
  end
  for _, workerId in ipairs(call('ZRANGE', keys.leases, 0, -1)) do
    if call('HDEL', keys.running(workerId), id) == 1 then
      context.count('RUNNING', -1)
      isAny = true
    end
  end
  call('HDEL', keys.dispatched, id)
  return isAny
end

-- The entry of an execution that is set aside stays in its ready list, or in history, and is not counted as a tombstone.
-- Which list that is may be unknown, so the execution is noted, by what its entry may be.
aside.READY_ENTRY, aside.HISTORY_ENTRY = 'r', 'h'

local function noteEntry(kind, id)
  if not withoutEntry[kind .. id] then
    call('SADD', keys.asideEntries, kind .. id)
  end
end

-- state: false for none.
local function noteEntries(id, state)
  local isRead, location = true, 'ready'
  if state and records.isCompleted(state) then
    location = 'history'
  elseif state and records.isWaiting(state) then
    location = 'dependencies'
  elseif state then
    isRead, location = fields.read(state, 'location')
  end
  if not isRead or (location or 'ready') == 'ready' then
    noteEntry(aside.READY_ENTRY, id)
  end
  if not isRead or location == 'history' then
    noteEntry(aside.HISTORY_ENTRY, id)
  end
end

-- Whether an execution that is not stored was set aside with such an entry.
function aside.hasEntry(kind, id)
  return rows.unreadable[id] ~= nil or call('SISMEMBER', keys.asideEntries, kind .. id) == 1
end

-- Its entry is removed.
function aside.forgetEntry(kind, id)
  withoutEntry[kind .. id] = true
  call('SREM', keys.asideEntries, kind .. id)
end

-- Counters of waiting executions, by location.
aside.WAITING = { dependencies = 'waitingForDependencies', lock = 'waitingForLock', unhandled = 'waitingForHandler' }

-- The status in a state, nil if it is unreadable, and the counter of waiting executions that counts it, if any. state: false
-- for none.
function aside.countersOf(state)
  if not state then
    return 'PENDING', nil
  elseif records.isWaiting(state) then
    return 'PENDING', aside.WAITING.dependencies
  end
  local status = fields.statusOf(state)
  local _, location = fields.read(state, 'location')
  return status, status and aside.WAITING[location] or nil
end

-- Removes an execution with this state from the counters.
local function uncount(state)
  local status, waitingCounter = aside.countersOf(state)
  if not status then
    -- Which counters have counted it is unknown, see orphans.lua.
    call('HSET', keys.meta, 'recount', 1)
  elseif status ~= 'PENDING' and status ~= 'RUNNING' then
    context.count(status, -1)
  end
  if waitingCounter then
    context.count(waitingCounter, -1)
  end
  local _, isMisplaced = fields.read(state, 'isMisplaced')
  if isMisplaced then
    call('HINCRBY', keys.tombstones, 'odd', -1)
  end
end

-- Removes all stored data of an execution. Returns its texts.
local function removeStored(id)
  local texts = {}
  for i, key in ipairs({ keys.static, keys.state, keys.extra }) do
    texts[i] = call('HGET', key, id)
    call('HDEL', key, id)
  end
  if texts[2] then
    uncount(texts[2])
  end
  lostEdges.add(id)
  call('UNLINK', keys.dependents(id), keys.logs(id), keys.attempts(id))
  call('HDEL', keys.progress, id)
  call('ZREM', keys.old, id)
  aside.removeWaiter(id, texts[3])
  return texts
end

-- Sets an execution aside.
function aside.execution(step, id, err)
  local texts = removeStored(id)
  local isRun = dropRun(id)
  if texts[2] or not isRun then
    noteEntries(id, texts[2])
  end
  aside.put(step, id, err, texts)
end

-- As `put`, for data that names an execution without a record.
function aside.missing(step, id, err, texts)
  removeStored(id)
  aside.put(step, id, err, texts)
end

-- Keys of one execution or lock, and their types.
local OWN = { edges = 'hash', dependents = 'list', logs = 'list', attempts = 'list', parked = 'zset', lines = 'zset' }

-- Deletes those of another type. Returns whether there were any.
local function dropMistyped(id)
  local isAny = false
  for name, expected in pairs(OWN) do
    local found = call('TYPE', keys[name](id)).ok
    if found ~= 'none' and found ~= expected then
      call('UNLINK', keys[name](id))
      isAny = true
    end
  end
  return isAny
end

-- Treats one item; if that fails, its changes are discarded. A failed command may concern all items, unless a key of this
-- item has a wrong type: in that case the item stays stored, and the verb fails after it has written the others. Returns
-- whether the item was treated, the result of `treat` or the error, and whether the item stays.
function aside.attempt(id, treat, ...)
  local counts, effectCount, dirty = {}, #effects.list, rows.dirty
  for name, by in pairs(context.counterChanges) do
    counts[name] = by
  end
  rows.dirty = {}
  lockTable.save()
  local ok, value = pcall(treat, ...)
  if ok then
    for each, row in pairs(rows.dirty) do
      dirty[each] = row
    end
    rows.dirty = dirty
    return true, value, false
  end
  for each in pairs(rows.dirty) do
    rows.cache[each], rows.isSimple[each], rows.isSimpleRun[each] = nil, nil, nil
  end
  lockTable.forget()
  rows.dirty = dirty
  for name in pairs(context.counterChanges) do
    context.counterChanges[name] = counts[name]
  end
  for i = #effects.list, effectCount + 1, -1 do
    effects.list[i] = nil
  end
  local stays = isOfServer(value) and not dropMistyped(id)
  aside.failure = aside.failure or (stays and value) or nil
  return false, value, stays
end

-- As `attempt`, for an execution, which is set aside if it fails and does not stay.
function aside.guard(step, id, treat, ...)
  local ok, value, stays = aside.attempt(id, treat, ...)
  if not ok and not stays then
    rows.dirty[id] = nil
    rows.cache[id] = false
    aside.execution(step, id, value)
  end
  return ok, value, stays
end
