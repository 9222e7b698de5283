-- Executions that wait and are not ready, see Places in engine/tables.ts.
local locationTable = {}

local function delayedMember(row)
  return string.format('%012d:%s', row.number, row.id)
end

function tables:delay(row)
  row.location = 'delayed'
  call('ZADD', keys.delayed, context.steadyAt(row.dueAt), delayedMember(row))
  if row.isDated then
    call('ZADD', keys.dated, row.dueAt, delayedMember(row))
  end
  effects.push({ 'due', row.dueAt })
  rows.touch(row)
end

-- The due instant by the server's current clock: a step of the clock moves a delay, but not a date.
function locationTable.dueAt(row)
  local isExact = context.offset == 0 or row.location ~= 'delayed' or row.isDated
  local steady = not isExact and call('ZSCORE', keys.delayed, delayedMember(row))
  return steady and context.instantOf(tonumber(steady)) or row.dueAt
end

-- Whether the date of any delayed execution has come.
function locationTable.isDateDue()
  return #call('ZRANGEBYSCORE', keys.dated, '-inf', now, 'LIMIT', 0, 1) > 0
end

-- Due members of `delayed` and of `dated`, earliest first: { member, at, isDate }. A dated execution usually is in both,
-- and is found once.
local function findDue(limit)
  local found, known = {}, {}
  local delayed = call('ZRANGEBYSCORE', keys.delayed, '-inf', context.steady, 'WITHSCORES', 'LIMIT', 0, limit)
  for i = 1, #delayed, 2 do
    known[delayed[i]] = true
    found[#found + 1] = { member = delayed[i], at = context.instantOf(tonumber(delayed[i + 1])) }
  end
  local dated = call('ZRANGEBYSCORE', keys.dated, '-inf', now, 'WITHSCORES', 'LIMIT', 0, limit)
  local isMixed = false
  for i = 1, #dated, 2 do
    if not known[dated[i]] then
      found[#found + 1] = { member = dated[i], at = tonumber(dated[i + 1]), isDate = true }
      isMixed = #delayed > 0
    end
  end
  if isMixed then
    table.sort(found, function(a, b)
      return a.at < b.at or (a.at == b.at and a.member < b.member)
    end)
  end
  for i = #found, limit + 1, -1 do
    found[i] = nil
  end
  return found
end

local function placeDue(id, place, entry)
  local row = rows.get(id, true)
  local isGone = not row and not rows.unreadable[id]
  if isGone and entry.isDate then
    -- Its member in `delayed`, if any, reports it. An earlier release leaves dates behind.
    return
  end
  if not row or row.isDated then
    call('ZREM', entry.isDate and keys.delayed or keys.dated, entry.member)
  end
  if row and row.location == 'delayed' then
    if row.isDated and row.dueAt > now then
      -- The clock went back: the date is in the future again.
      tables:delay(row)
    elseif row.isDated or not entry.isDate then
      local isExact = row.isDated or context.offset == 0
      row.dueAt = math.min(isExact and row.dueAt or entry.at, now)
      place(row)
    end
  elseif isGone then
    aside.missing('promote', id, 'a delay of an execution that is not stored', {})
  end
end

function tables:eachDelayed(limit, place)
  return (
    readSome(findDue(limit), STEP_BYTES, function(part)
      local ids, bytesBefore = {}, rows.bytes
      local delayed, dated = {}, {}
      for i, entry in ipairs(part) do
        ids[i] = string.sub(entry.member, 14)
        table.insert(entry.isDate and dated or delayed, entry.member)
      end
      callAll('ZREM', keys.delayed, delayed)
      callAll('ZREM', keys.dated, dated)
      rows.fetch(ids, nil, true)
      for i, id in ipairs(ids) do
        local _, _, stays = aside.guard('promote', id, placeDue, id, place, part[i])
        if stays then
          call('ZADD', keys.delayed, context.steady, part[i].member)
        end
      end
      return rows.bytes - bytesBefore
    end)
  )
end

local DEADLINES = { 'delayed', 'edgeTimeouts', 'lockWaits', 'lockExpiries', 'cancelDeadlines', 'expiries' }

function tables:nextDeadline()
  local next = tonumber(call('ZRANGE', keys.dated, 0, 0, 'WITHSCORES')[2])
  for _, name in ipairs(DEADLINES) do
    local steady = tonumber(call('ZRANGE', keys[name], 0, 0, 'WITHSCORES')[2])
    local at = steady and context.instantOf(steady)
    if at and (not next or at < next) then
      next = at
    end
  end
  return next
end

function tables:block(row)
  row.location = 'dependencies'
  context.count('waitingForDependencies', 1)
  rows.touch(row)
end

function tables:isBlocked(row)
  return row.location == 'dependencies'
end

function tables:isDelayed(row)
  return row.location == 'delayed'
end

function tables:leave(row)
  if row.location == 'delayed' then
    call('ZREM', keys.delayed, delayedMember(row))
    if row.isDated then
      call('ZREM', keys.dated, delayedMember(row))
    end
  elseif row.location == 'dependencies' then
    context.count('waitingForDependencies', -1)
  elseif row.location == 'lock' then
    context.count('waitingForLock', -1)
  elseif row.location == 'unhandled' then
    unhandledTable:remove(row)
  elseif row.location == 'ready' then
    readyTable.leave(row)
  end
  rows.touch(row)
end
