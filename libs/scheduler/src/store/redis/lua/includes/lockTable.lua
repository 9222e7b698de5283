-- Locks, see LockTable in engine/tables.ts. A changed lock is written once, at the end of the verb. Stored: { order, token,
-- at (steady time), holder, handle, reserved, handles (number of waiting handles) }; 0 and nil are omitted.
local lockTable = {}
tables.locks = lockTable

-- Texts of unreadable locks, by key.
local cache, dirty, unreadable

function lockTable.begin()
  cache, dirty, unreadable = {}, {}, {}
end

local TYPES = { order = 'number', token = 'number', at = 'number', handles = 'number' }
for _, name in ipairs({ 'holder', 'handle', 'reserved' }) do
  TYPES[name] = 'string'
end

local function expiryMember(lock)
  return string.format('%012d:%s', lock.order, lock.key)
end

local function isReadable(stored)
  if type(stored) ~= 'table' or not stored.order or not stored.token then
    return false
  end
  for name, expected in pairs(TYPES) do
    if stored[name] ~= nil and type(stored[name]) ~= expected then
      return false
    end
  end
  -- A held lock has an expiry.
  return stored.at ~= nil or not (stored.holder or stored.handle)
end

-- Whether an unreadable lock is held is unknown. It counts as held for one lease: an execution that holds it renews it
-- until it ends.
local function makeUnreadable(key, text)
  unreadable[key] = text
  local lock = lockTable:create(key)
  lock.at, lock.handle = now + context.lease, 'unreadable'
  return lock
end

function lockTable.unpack(key, text)
  local ok, stored = pcall(cmsgpack.unpack, text)
  if not ok or not isReadable(stored) then
    return makeUnreadable(key, text)
  end
  local at = stored.at and context.instantOf(stored.at) or 0
  return {
    key = key,
    order = stored.order,
    fencingToken = stored.token,
    at = at,
    -- The instant of its score in `keys.lockExpiries`; 0 if it has none.
    indexedAt = at,
    holder = stored.holder,
    handle = stored.handle,
    reserved = stored.reserved,
    handles = stored.handles or 0,
  }
end

local function packLock(lock)
  return cmsgpack.pack({
    order = lock.order,
    token = lock.fencingToken,
    at = lock.at ~= 0 and context.steadyAt(lock.at) or nil,
    holder = lock.holder,
    handle = lock.handle,
    reserved = lock.reserved,
    handles = lock.handles ~= 0 and lock.handles or nil,
  })
end

function lockTable:get(key)
  if key == nil then
    return nil
  end
  if cache[key] == nil then
    local text = call('HGET', keys.locks, key)
    cache[key] = text and lockTable.unpack(key, text) or false
  end
  return cache[key] or nil
end

function lockTable:create(key)
  local lock = { key = key, order = context.nextNumber(), fencingToken = 0, at = 0, indexedAt = 0, handles = 0 }
  cache[key], dirty[key] = lock, lock
  return lock
end

function lockTable:touch(lock)
  dirty[lock.key] = lock
end

function lockTable:delete(lock)
  if lock.indexedAt ~= 0 then
    call('ZREM', keys.lockExpiries, expiryMember(lock))
  end
  call('HDEL', keys.locks, lock.key)
  cache[lock.key], dirty[lock.key] = false, nil
end

function lockTable:setAt(lock, at)
  lock.at = at
  dirty[lock.key] = lock
end

function lockTable:clearAt(lock)
  lockTable:setAt(lock, 0)
end

local function expireOne(key, expire)
  local lock = lockTable:get(key)
  if not lock then
    return
  end
  lock.indexedAt = 0
  if lock.at ~= 0 and lock.at <= now then
    expire(lock)
  else
    dirty[key] = lock
  end
end

function lockTable:eachDue(expire)
  local due = call('ZRANGEBYSCORE', keys.lockExpiries, '-inf', context.steady, 'LIMIT', 0, 200)
  for _, member in ipairs(due) do
    call('ZREM', keys.lockExpiries, member)
    local key = string.sub(member, 14)
    local ok, _, stays = aside.attempt(key, expireOne, key, expire)
    if stays then
      call('ZADD', keys.lockExpiries, context.steady, member)
    elseif not ok then
      makeUnreadable(key, call('HGET', keys.locks, key))
    end
  end
  return #due
end

-- Writes the changed locks.
function lockTable.save()
  for key, text in pairs(unreadable) do
    aside.put('lock', key, 'its lock is unreadable', { text })
  end
  unreadable = {}
  local texts = {}
  for key, lock in pairs(dirty) do
    if lock.at ~= lock.indexedAt then
      if lock.at ~= 0 then
        call('ZADD', keys.lockExpiries, context.steadyAt(lock.at), expiryMember(lock))
      else
        call('ZREM', keys.lockExpiries, expiryMember(lock))
      end
      lock.indexedAt = lock.at
    end
    texts[#texts + 1] = key
    texts[#texts + 1] = packLock(lock)
  end
  callAll('HSET', keys.locks, texts)
  dirty = {}
end

-- Discards changes since `save`.
function lockTable.forget()
  for key in pairs(dirty) do
    cache[key] = nil
  end
  dirty = {}
end
