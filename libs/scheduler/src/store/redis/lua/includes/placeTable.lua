-- Where executions wait that are not ready, see Places in engine/tables.ts.
local placeTable = {}

local function delayedMember(row)
  return string.format('%012d:%s', row.number, row.id)
end

function tables:delay(row)
  row.location = 'delayed'
  call('ZADD', keys.delayed, row.dueAt, delayedMember(row))
  effects.push({ 'due', row.dueAt })
  rows.touch(row)
end

local function placeDue(id, place)
  local row = rows.get(id, true)
  if row and row.location == 'delayed' then
    -- Its place among the delayed says when it is due, also where the clock went back since.
    row.dueAt = math.min(row.dueAt, now)
    place(row)
  elseif not row and not rows.bad[id] then
    aside.put('promote', id, 'a delay of an execution that is not stored', {})
  end
end

function tables:eachDelayed(limit, place)
  local due = call('ZRANGEBYSCORE', keys.delayed, '-inf', now, 'LIMIT', 0, limit)
  return (
    readSome(due, STEP_BYTES, function(members)
      local ids, before = {}, rows.bytes
      for i, member in ipairs(members) do
        ids[i] = string.sub(member, 14)
      end
      callAll('ZREM', keys.delayed, members)
      rows.fetch(ids, nil, true)
      for i, id in ipairs(ids) do
        local _, _, stays = aside.guard('promote', id, placeDue, id, place)
        if stays then
          call('ZADD', keys.delayed, now, members[i])
        end
      end
      return rows.bytes - before
    end)
  )
end

local DEADLINES = { 'delayed', 'edgeTimeouts', 'lockWaits', 'lockExpiries', 'cancelDeadlines', 'expiries' }

function tables:nextDeadline()
  local next = nil
  for _, name in ipairs(DEADLINES) do
    local at = tonumber(call('ZRANGE', keys[name], 0, 0, 'WITHSCORES')[2])
    if at and (not next or at < next) then
      next = at
    end
  end
  return next
end

function tables:block(row)
  row.location = 'dependencies'
  frame.count('waitingForDependencies', 1)
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
  elseif row.location == 'dependencies' then
    frame.count('waitingForDependencies', -1)
  elseif row.location == 'lock' then
    frame.count('waitingForLock', -1)
  elseif row.location == 'unhandled' then
    unhandledTable:remove(row)
  elseif row.location == 'ready' then
    readyTable.leave(row)
  end
  rows.touch(row)
end
