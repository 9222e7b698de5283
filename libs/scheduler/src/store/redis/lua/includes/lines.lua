-- Lines of executions that wait for a lock: each of one queue, task and level, in the order in which they came. What keeps
-- one of them from starting keeps them all. Of each line only the first is among the parked; while it stands ready, none.
local LEVEL = 4398046511104 -- 2^42: above any park number

local function startOf(level, queue_, task)
  return level .. '|' .. queue_ .. '|' .. task .. '|'
end

local function memberOf(row)
  return startOf(row.level, row.queue, row.task) .. string.format('%016d|%s', row.parkNumber, row.id)
end

-- Where a waiter stands among the parked: by level, then by who came first.
function lines.score(level, number)
  return level * LEVEL + number
end

-- The member of a line's first.
local function firstOf(key, start)
  return call('ZRANGE', keys.lines(key), '[' .. start, '(' .. start .. '\255', 'BYLEX', 'LIMIT', 0, 1)[1]
end

local function parkFirst(key, start)
  local member = firstOf(key, start)
  if member then
    local level, number = string.match(member, '^(%d)|[^|]*|[^|]*|(%d+)|')
    call('ZADD', keys.parked(key), lines.score(tonumber(level), tonumber(number)), 'x' .. member)
  end
end

-- Takes a member out of its line; the next one is parked in its place.
local function remove(key, member)
  local start = string.match(member, '^%d|[^|]*|[^|]*|')
  local wasFirst = firstOf(key, start) == member
  call('ZREM', keys.lines(key), member)
  call('ZREM', keys.parked(key), 'x' .. member)
  if wasFirst then
    parkFirst(key, start)
  end
end

-- Parks an execution on a lock: behind its line, or at its old place where it has stood ready meanwhile.
function lines.park(key, row)
  row.location = 'lock'
  frame.count('waitingForLock', 1)
  if not row.lockLine then
    row.lockLine, row.parkNumber = key, frame.next()
    call('ZADD', keys.lines(key), 0, memberOf(row))
  end
  local member = memberOf(row)
  if firstOf(key, startOf(row.level, row.queue, row.task)) == member then
    call('ZADD', keys.parked(key), lines.score(row.level, row.parkNumber), 'x' .. member)
  end
  if row.lockMaxWait then
    local at = now + (row.lockWaitUntil and row.lockWaitLeft or row.lockMaxWait)
    row.lockWaitUntil, row.lockWaitLeft = row.lockWaitUntil or string.format('%012d:%s', frame.next(), row.id), nil
    call('ZADD', keys.lockWaits, at, row.lockWaitUntil)
    effects.push({ 'due', at })
  end
  rows.touch(row)
end

-- Takes the first of a line from where it is parked: it is about to stand ready. Its wait stands still meanwhile. Nil where
-- it cannot be read.
function lines.callFirst(key, parked)
  call('ZREM', keys.parked(key), parked)
  local member = string.sub(parked, 2)
  local row = rows.get(string.match(member, '[^|]+$'), true)
  if not row or row.location ~= 'lock' or row.lockLine ~= key then
    call('ZREM', keys.lines(key), member)
    parkFirst(key, string.match(member, '^%d|[^|]*|[^|]*|'))
    return nil
  end
  queue.leave(row)
  if row.lockWaitUntil then
    -- What is left of it.
    row.lockWaitLeft = math.max(0, tonumber(call('ZSCORE', keys.lockWaits, row.lockWaitUntil) or now) - now)
    call('ZREM', keys.lockWaits, row.lockWaitUntil)
  end
  return row
end

-- An execution no longer waits for its lock: it has it, or has ended.
function lines.leave(row)
  if row.lockWaitUntil then
    call('ZREM', keys.lockWaits, row.lockWaitUntil)
    row.lockWaitUntil, row.lockWaitLeft = nil, nil
    rows.touch(row)
  end
  if not row.lockLine then
    return
  end
  remove(row.lockLine, memberOf(row))
  row.lockLine, row.parkNumber = nil, nil
  rows.touch(row)
end

-- Drops an execution that cannot be read, wherever it stands.
function lines.forget(key, id)
  local cursor = '0'
  repeat
    local page = call('ZSCAN', keys.lines(key), cursor, 'MATCH', '*|' .. id, 'COUNT', 1000)
    cursor = page[1]
    for i = 1, #page[2], 2 do
      remove(key, page[2][i])
    end
  until cursor == '0'
end

-- Drops the first of the first line if it is not stored any more. Returns whether it did.
function lines.dropMissing(key)
  local member = call('ZRANGE', keys.lines(key), 0, 0)[1]
  local id = member and string.match(member, '[^|]+$')
  if not id or rows.get(id, true) then
    return false
  end
  lines.forget(key, id)
  return true
end

-- The first of the line in which a parked execution waits.
function lines.first(row)
  local member = firstOf(row.lockLine, startOf(row.level, row.queue, row.task))
  return member and rows.get(string.match(member, '[^|]+$'), true)
end
