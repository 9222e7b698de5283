-- Locks: one holder, a queue by level and then by who came first, a token that only grows.
-- Record: { order, holder (execution), handle (owner), token, at (end of the hold; of a free one: of its reservation, or
-- when its waiters are looked at again), reserved (the execution it is kept for), handles (how many wait) }
function lock.begin()
  lock.cache = {}
end

-- NORMAL: handles of `acquire` queue for a lock among the executions of this level.
local HANDLE_LEVEL = 2
local RESERVED_MS = 1000
local WAIT_LAPSE_MS = 5000
local WAITERS_PER_STEP = 50

local function known(key)
  local found = lock.cache[key]
  if found == nil then
    local record = call('HGET', keys.locks, key)
    found = record and cmsgpack.unpack(record) or false
    if found then
      found.key = key
    end
    lock.cache[key] = found
  end
  return found or nil
end

local function save(found)
  call('HSET', keys.locks, found.key, cmsgpack.pack(found))
end

local function isHeld(found)
  return found.holder ~= nil or found.handle ~= nil
end

local function isFree(found)
  return not isHeld(found) and not found.reserved
end

local function expiryMember(found)
  return string.format('%012d:%s', found.order, found.key)
end

local function expireAt(found, at)
  found.at = at
  call('ZADD', keys.lockExpiries, at, expiryMember(found))
  save(found)
  effects.push({ 'due', at })
end

local function grant(found, owner, expiresAt)
  found.token = call('HINCRBY', keys.meta, 'fencing', 1)
  frame.count('lockAcquired', 1)
  expireAt(found, expiresAt)
  effects.push({ 'lock', 'granted', found.key, owner, found.token, now })
  return found.token
end

local function grantHandle(found, owner, ttl)
  found.handle = owner
  grant(found, owner, now + ttl)
  return { found.key, owner, found.token, found.at }
end

local function handleName(key, owner)
  return owner .. '|' .. key
end

local function forgetHandle(found, owner)
  if call('HDEL', keys.handles, handleName(found.key, owner)) == 0 then
    return false
  end
  call('ZREM', keys.parked(found.key), 'h' .. owner)
  found.handles = (found.handles or 0) - 1
  save(found)
  return true
end

-- Forgets a lock that nobody holds or waits for; its token lives on in the store's counter.
local function forget(found)
  if isFree(found) and call('EXISTS', keys.parked(found.key), keys.lines(found.key)) == 0 then
    call('ZREM', keys.lockExpiries, expiryMember(found))
    call('HDEL', keys.locks, found.key)
    lock.cache[found.key] = false
    return true
  end
  return false
end

-- Gives a free lock to the best of those who wait: by level, then by who came first. A handle takes it at once. For an
-- execution that could start now it is reserved for a moment; one that could not stands ready without it, so that nobody
-- waits for what keeps it, and nothing must be looked at again when that ends.
local function passOn(found)
  call('ZREM', keys.lockExpiries, expiryMember(found))
  found.at = nil
  local called, looked = {}, 0
  while isFree(found) do
    local best = call('ZRANGE', keys.parked(found.key), 0, 0)[1]
    if not best and not lines.dropMissing(found.key) then
      break
    end
    if looked == WAITERS_PER_STEP then
      expireAt(found, now)
      break
    end
    looked = looked + 1
    if best and string.byte(best) == 104 then
      local owner = string.sub(best, 2)
      local wait = cmsgpack.unpack(call('HGET', keys.handles, handleName(found.key, owner)))
      forgetHandle(found, owner)
      -- Its owner still waits, and its process is there.
      if wait.deadline > now and wait.askedAt + WAIT_LAPSE_MS > now then
        grantHandle(found, owner, wait.ttl)
      end
    elseif best then
      local row = lines.callFirst(found.key, best)
      if row then
        called[#called + 1] = row
        if lock.couldStart(row) then
          found.reserved = row.id
          expireAt(found, now + RESERVED_MS)
        end
      end
    end
  end
  -- The best comes first where several stand in one queue.
  for i = #called, 1, -1 do
    queue.pushHead(called[i])
  end
  if not forget(found) then
    save(found)
  end
end

-- The execution for which it was reserved did not claim it: it stands ready like others, and the next one is looked at.
local function lapse(found)
  found.reserved = nil
  passOn(found)
end

local function finishHold(found, how, owner)
  call('ZREM', keys.lockExpiries, expiryMember(found))
  found.holder, found.handle, found.at = nil, nil, nil
  save(found)
  effects.push({ 'lock', how, found.key, owner, found.token, now })
  passOn(found)
end

local function lose(found)
  frame.count('locksLost', 1)
  local owner = found.holder or found.handle
  if found.holder then
    local row = rows.get(found.holder)
    if row then
      row.heldLock, row.fencingToken = nil, nil
      rows.touch(row)
    end
  end
  finishHold(found, 'lost', owner)
end

-- The lock of that key, made if need be, freed first if its time is over. A reservation for `id` itself still counts.
local function find(key, id)
  local found = known(key)
  if found and found.at and found.at <= now then
    if isHeld(found) then
      lose(found)
    elseif found.reserved and found.reserved ~= id then
      lapse(found)
    end
    found = known(key)
  end
  if not found then
    found = { key = key, order = frame.next(), token = 0 }
    lock.cache[key] = found
    save(found)
  end
  return found
end

local function ttlOf(row)
  -- A lock shorter than the lease would lapse between two beats of a healthy holder.
  return math.max(row.lockTimeout, frame.lease)
end

-- Whether it is free for that execution, or for a handle (nil). A reservation ends where it cannot be used any more, and
-- gives way to one that waited as well and comes before.
local function isOpenTo(found, row)
  local other = found.reserved and rows.get(found.reserved, true)
  if found.reserved and not (row and row.id == found.reserved) and not (other and lock.couldStart(other)) then
    lapse(found)
    other = found.reserved and rows.get(found.reserved, true)
  end
  if isHeld(found) or not found.reserved or not row then
    return isFree(found)
  end
  return row.lockLine ~= nil and lines.score(row.level, row.parkNumber) <= lines.score(other.level, other.parkNumber)
end

-- Takes the lock for a claim, or parks the execution on it. Returns whether it may run.
function lock.takeOrPark(row)
  local found = find(row.lockKey, row.id)
  if not isOpenTo(found, row) then
    lines.park(found.key, row)
    return false
  end
  lines.leave(row)
  found.reserved = nil
  found.holder = row.id
  row.heldLock = found.key
  row.fencingToken = grant(found, row.id, now + ttlOf(row))
  rows.touch(row)
  return true
end

-- An execution leaves: nothing is reserved for it, and a lock that is free goes to the next one.
local function withdraw(found, id)
  if found.reserved == id then
    found.reserved = nil
  end
  if isFree(found) then
    passOn(found)
  end
end

-- Frees what the execution holds, or waits for, and gives it to the best of those who wait.
function lock.release(row)
  if not row.lockKey then
    return
  end
  local found = row.lockLine and known(row.lockLine)
  lines.leave(row)
  if found then
    withdraw(found, row.id)
  end
  if row.heldLock then
    local held = known(row.heldLock)
    row.heldLock, row.fencingToken = nil, nil
    finishHold(held, 'released', row.id)
  end
  rows.touch(row)
end

-- An execution that is set aside waits no longer, and nothing is reserved for it. extra: what it was stored with.
function aside.forget(id, extra)
  local _, key = records.readFields(extra or '', 'lockKey')
  local found = key and known(key)
  if found then
    lines.forget(found.key, id)
    withdraw(found, id)
  end
end

-- Renews the lock of a run at its worker's beat.
function lock.renew(row)
  if row.heldLock then
    expireAt(known(row.heldLock), now + ttlOf(row))
  end
end

-- Handles of users' code.
function lock.acquire(key, owner, ttl, maxWait)
  local found = find(key)
  if found.handle == owner then
    expireAt(found, now + ttl)
    return { key, owner, found.token, found.at }
  end
  if isOpenTo(found) then
    forgetHandle(found, owner)
    return grantHandle(found, owner, ttl)
  end
  if maxWait > 0 then
    local wait = { ttl = ttl, deadline = now + maxWait, askedAt = now }
    -- One that asks again keeps its place.
    if call('HSET', keys.handles, handleName(key, owner), cmsgpack.pack(wait)) == 1 then
      found.handles = (found.handles or 0) + 1
      save(found)
      call('ZADD', keys.parked(key), lines.score(HANDLE_LEVEL, frame.next()), 'h' .. owner)
    end
  end
  return false
end

function lock.abandon(key, owner)
  local found = known(key)
  if not found or not forgetHandle(found, owner) then
    return false
  end
  forget(found)
  return true
end

local function mine(found, owner, token)
  return found.handle == owner and found.token == token
end

function lock.releaseHandle(key, owner, token)
  local found = find(key)
  if mine(found, owner, token) then
    finishHold(found, 'released', owner)
    return true
  end
  forget(found)
  return false
end

function lock.extendHandle(key, owner, token, ttl)
  local found = find(key)
  if mine(found, owner, token) then
    expireAt(found, now + ttl)
    return true
  end
  forget(found)
  return false
end

function lock.force(key)
  local found = find(key)
  if isHeld(found) then
    lose(found)
  elseif found.reserved then
    lapse(found)
  else
    forget(found)
    return false
  end
  return true
end

local function expireOne(key)
  local found = known(key)
  if not found or not found.at or found.at > now then
    return
  end
  if isHeld(found) then
    lose(found)
  else
    lapse(found)
  end
end

-- Ends the holds and the reservations whose time is over. Returns how many.
function lock.expire()
  local done = 0
  for _, member in ipairs(call('ZRANGEBYSCORE', keys.lockExpiries, '-inf', now, 'LIMIT', 0, 200)) do
    call('ZREM', keys.lockExpiries, member)
    local key = string.sub(member, 14)
    aside.guard('lock', key, expireOne, key)
    done = done + 1
  end
  return done
end
