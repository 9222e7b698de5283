-- Locks: one holder, a queue by level and then by who came first, a token that only grows.
-- Record: { order, holder (execution), handle (owner), token, at, reserved (execution), handles (how many wait) }
lock.cache = {}

-- NORMAL: handles of `acquire` queue for a lock among the executions of this level.
local HANDLE_LEVEL = 2
local LEVEL = 4398046511104 -- 2^42: above any park number

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

-- Lets go of a lock that nobody holds, awaits or is next for; its token lives on in the store's counter.
local function forget(found)
  if not isHeld(found) and not found.reserved and call('EXISTS', keys.parked(found.key)) == 0 then
    call('HDEL', keys.locks, found.key)
    lock.cache[found.key] = false
  end
end

local function dropLateHandles(found)
  if (found.handles or 0) <= 0 then
    return
  end
  for _, member in ipairs(
    call('ZRANGEBYSCORE', keys.parked(found.key), HANDLE_LEVEL * LEVEL, '(' .. ((HANDLE_LEVEL + 1) * LEVEL))
  ) do
    if string.sub(member, 1, 1) == 'h' then
      local owner = string.sub(member, 2)
      local wait = cmsgpack.unpack(call('HGET', keys.handles, handleName(found.key, owner)))
      if wait.deadline <= now then
        forgetHandle(found, owner)
      end
    end
  end
end

-- Gives a free lock to the best of those who wait: by level, then by who parked first.
local function handOver(found)
  dropLateHandles(found)
  local best = call('ZRANGE', keys.parked(found.key), 0, 0)[1]
  if not best then
    return forget(found)
  end
  local id = string.sub(best, 2)
  if string.sub(best, 1, 1) == 'h' then
    local wait = cmsgpack.unpack(call('HGET', keys.handles, handleName(found.key, id)))
    forgetHandle(found, id)
    grantHandle(found, id, wait.ttl)
    return
  end
  local row = rows.get(id, true)
  queue.leave(row)
  row.pk = nil
  row.rv = found.key
  found.reserved = id
  save(found)
  queue.pushHead(row)
end

local function finishHold(found, how, owner)
  call('ZREM', keys.lockExpiries, expiryMember(found))
  found.holder, found.handle, found.at = nil, nil, nil
  save(found)
  effects.push({ 'lock', how, found.key, owner, found.token, now })
  handOver(found)
end

local function lose(found)
  frame.count('locksLost', 1)
  local owner = found.holder or found.handle
  if found.holder then
    local row = rows.get(found.holder)
    row.hd, row.fk = nil, nil
    rows.touch(row)
  end
  finishHold(found, 'lost', owner)
end

-- The lock of that key, made if need be, freed first if its time is over.
local function find(key)
  local found = known(key)
  if found and isHeld(found) and found.at <= now then
    lose(found)
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
  return math.max(row.lt, frame.lease)
end

local function unpark(row)
  if row.lw then
    call('ZREM', keys.lockWaits, row.lw)
    row.lw = nil
    rows.touch(row)
  end
end

local function park(found, row)
  row.pl = 'lock'
  row.pk = found.key
  row.pn = frame.next()
  call('ZADD', keys.parked(found.key), row.level * LEVEL + row.pn, 'x' .. row.id)
  frame.count('waitingForLock', 1)
  if row.lm and not row.lw then
    row.lw = string.format('%012d:%s', frame.next(), row.id)
    call('ZADD', keys.lockWaits, now + row.lm, row.lw)
    effects.push({ 'due', now + row.lm })
  end
  rows.touch(row)
end

-- Takes the lock for a claim, or parks the execution on it. Returns whether it may run.
function lock.takeOrPark(row)
  local found = find(row.lk)
  if isHeld(found) or (found.reserved and found.reserved ~= row.id) then
    park(found, row)
    return false
  end
  found.reserved, row.rv = nil, nil
  found.holder = row.id
  row.hd = found.key
  unpark(row)
  row.fk = grant(found, row.id, now + ttlOf(row))
  rows.touch(row)
  return true
end

-- Frees what the execution holds or is next for, and gives it to the best of those who wait.
function lock.release(row)
  if not row.lk then
    return
  end
  unpark(row)
  if row.pk then
    local found = known(row.pk)
    row.pk = nil
    forget(found)
  end
  if row.rv then
    local found = known(row.rv)
    row.rv = nil
    found.reserved = nil
    save(found)
    handOver(found)
  end
  if row.hd then
    local found = known(row.hd)
    row.hd, row.fk = nil, nil
    finishHold(found, 'released', row.id)
  end
  rows.touch(row)
end

-- Renews the lock of a run at its worker's beat.
function lock.renew(row)
  if row.hd then
    expireAt(known(row.hd), now + ttlOf(row))
  end
end

-- Handles of users' code.
function lock.acquire(key, owner, ttl, maxWait)
  local found = find(key)
  if not isHeld(found) and not found.reserved then
    return grantHandle(found, owner, ttl)
  end
  if maxWait > 0 then
    local wait = { ttl = ttl, deadline = now + maxWait }
    if call('HSET', keys.handles, handleName(key, owner), cmsgpack.pack(wait)) == 1 then
      found.handles = (found.handles or 0) + 1
      save(found)
    end
    call('ZADD', keys.parked(key), HANDLE_LEVEL * LEVEL + frame.next(), 'h' .. owner)
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
  if not isHeld(found) then
    forget(found)
    return false
  end
  lose(found)
  return true
end

local function expireOne(key)
  local found = known(key)
  if found and isHeld(found) and found.at <= now then
    lose(found)
  end
end

-- Frees every lock whose time is over. Returns how many.
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
