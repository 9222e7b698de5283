-- Executions and handles that wait for a lock, see LockWaiterTable in engine/tables.ts. Executions of one queue, task and
-- priority form a line in the order of their numbers: what prevents the start of one prevents that of all. Only the first
-- of each line is parked, and none while that one is ready.
local waiters = {}
tables.lockWaiters = waiters

-- The priority of handles: NORMAL.
local HANDLE_LEVEL = 2
-- The first byte of a parked handle's member; that of an execution begins with 'x'.
local HANDLE = string.byte('h')
local LEVEL = 4398046511104 -- 2^42: above any park number

local function startOf(level, queue_, task)
  return level .. '|' .. queue_ .. '|' .. task .. '|'
end

local function memberOf(row)
  return startOf(row.level, row.queue, row.task) .. string.format('%016d|%s', row.parkNumber, row.id)
end

-- Orders parked members by priority, then by number.
local function score(level, number)
  return level * LEVEL + number
end

-- The member of the first in a line.
local function firstOf(key, start)
  return call('ZRANGE', keys.lines(key), '[' .. start, '(' .. start .. '\255', 'BYLEX', 'LIMIT', 0, 1)[1]
end

local function parkFirst(key, start)
  local member = firstOf(key, start)
  while member do
    local level, number = string.match(member, '^(%d)|[^|]*|[^|]*|(%d+)|')
    if level then
      call('ZADD', keys.parked(key), score(tonumber(level), tonumber(number)), 'x' .. member)
      return
    end
    -- The member is unreadable.
    call('ZREM', keys.lines(key), member)
    member = firstOf(key, start)
  end
end

-- Removes a member from its line, and parks the next one.
local function remove(key, member)
  local start = string.match(member, '^%d|[^|]*|[^|]*|')
  local wasFirst = start and firstOf(key, start) == member
  call('ZREM', keys.lines(key), member)
  call('ZREM', keys.parked(key), 'x' .. member)
  if wasFirst then
    parkFirst(key, start)
  end
end

local function handleName(key, owner)
  return owner .. '|' .. key
end

function waiters:isEmpty(lock)
  return call('EXISTS', keys.parked(lock.key), keys.lines(lock.key)) == 0
end

-- Removes an unreadable execution from the line that it is in.
function waiters:removeUnreadable(key, id)
  local cursor = '0'
  repeat
    local page = call('ZSCAN', keys.lines(key), cursor, 'MATCH', '*|' .. id, 'COUNT', 1000)
    cursor = page[1]
    for i = 1, #page[2], 2 do
      remove(key, page[2][i])
    end
  until cursor == '0'
end

-- Removes the first member of the first line if it is not stored. Returns whether it did.
local function removeMissing(key)
  local member = call('ZRANGE', keys.lines(key), 0, 0)[1]
  local id = member and string.match(member, '[^|]+$')
  if not member or (id and rows.get(id, true)) then
    return false
  end
  remove(key, member)
  return true
end

function waiters:first(lock)
  local key = lock.key
  local best = call('ZRANGE', keys.parked(key), 0, 0)[1]
  if not best then
    return removeMissing(key) and {} or nil
  end
  local member = string.sub(best, 2)
  if string.byte(best) == HANDLE then
    local ok, wait = pcall(cmsgpack.unpack, call('HGET', keys.handles, handleName(key, member)) or '')
    if ok and type(wait) == 'table' and wait.ttl and tonumber(wait.deadline) and tonumber(wait.askedAt) then
      wait.owner = member
      wait.deadline, wait.askedAt = context.instantOf(wait.deadline), context.instantOf(wait.askedAt)
      return { handle = wait }
    end
    -- Unreadable, or removed.
    call('ZREM', keys.parked(key), best)
    waiters:removeHandle(lock, member)
    return {}
  end
  local id = string.match(member, '[^|]+$')
  local row = id and rows.get(id, true)
  if row and row.location == 'lock' and row.lockLine == key then
    return { execution = row }
  end
  call('ZREM', keys.parked(key), best)
  remove(key, member)
  return {}
end

function waiters:isBefore(row, other)
  return score(row.level, row.parkNumber) <= score(other.level, other.parkNumber)
end

function waiters:park(lock, row)
  row.location = 'lock'
  context.count('waitingForLock', 1)
  local member = memberOf(row)
  if not row.lockLine then
    row.lockLine = lock.key
    call('ZADD', keys.lines(lock.key), 0, member)
  end
  if firstOf(lock.key, startOf(row.level, row.queue, row.task)) == member then
    call('ZADD', keys.parked(lock.key), score(row.level, row.parkNumber), 'x' .. member)
  end
end

function waiters:unpark(lock, row)
  call('ZREM', keys.parked(lock.key), 'x' .. memberOf(row))
  tables:leave(row)
end

function waiters:remove(row)
  remove(row.lockLine, memberOf(row))
  row.lockLine = nil
end

function waiters:startWait(row, deadline)
  row.lockWaitUntil = row.lockWaitUntil or deadlines.member(row)
  call('ZADD', keys.lockWaits, context.steadyAt(deadline), row.lockWaitUntil)
end

function waiters:haltWait(row)
  local deadline = tonumber(call('ZSCORE', keys.lockWaits, row.lockWaitUntil) or context.steady)
  call('ZREM', keys.lockWaits, row.lockWaitUntil)
  return context.instantOf(deadline)
end

function waiters:endWait(row)
  if row.lockWaitUntil then
    call('ZREM', keys.lockWaits, row.lockWaitUntil)
    row.lockWaitUntil = nil
  end
end

-- An execution that was made ready in the meantime no longer waits: its row names no member.
local WAIT = { step = 'lockWait', field = 'lockWaitUntil', orphan = 'a wait of an execution that is not stored' }

function waiters:eachDue(end_)
  return deadlines.eachDue(keys.lockWaits, WAIT, end_)
end

function waiters:putHandle(lock, wait)
  local stored = cmsgpack.pack({
    ttl = wait.ttl,
    deadline = context.steadyAt(wait.deadline),
    askedAt = context.steadyAt(wait.askedAt),
  })
  if call('HSET', keys.handles, handleName(lock.key, wait.owner), stored) == 1 then
    lock.handles = lock.handles + 1
    lockTable:touch(lock)
    call('ZADD', keys.parked(lock.key), score(HANDLE_LEVEL, context.nextNumber()), 'h' .. wait.owner)
  end
end

function waiters:removeHandle(lock, owner)
  if call('HDEL', keys.handles, handleName(lock.key, owner)) == 0 then
    return false
  end
  call('ZREM', keys.parked(lock.key), 'h' .. owner)
  lock.handles = math.max(0, lock.handles - 1)
  lockTable:touch(lock)
  return true
end

function waiters:lockOf(row)
  return row.location == 'lock' and tables.locks:get(row.lockLine) or nil
end

function waiters:firstOfLine(row)
  local member = firstOf(row.lockLine, startOf(row.level, row.queue, row.task))
  return member and rows.get(string.match(member, '[^|]+$'), true) or row
end

-- Removes the wait of an execution that is set aside. extra: its text in keys.extra.
function aside.removeWaiter(id, extra)
  local options = fields.tryUnpack(extra or '')
  if options and options.lockKey then
    waiters:removeUnreadable(options.lockKey, id)
    engine.lock.withdraw(tables, options.lockKey, id)
  end
end
