-- Steps of the server's clock. What counts time that has passed (leases, locks, timeouts, waits, rate limits, delays) keeps
-- what it has left; what names a date keeps its date. by: ms, positive for a step back, as in `now - by`.
--
-- A step back is found here: time stands still until the server has caught up, or, beyond a moment, follows it. A step
-- forward looks like time in which no node called; a node that called before it knows better, by its monotonic clock.

local clock = {}

local STEP_BACK_MS = 120000
-- By so much the estimate of a node may be wrong.
local ESTIMATE_MS = 1000

local function shiftAll(key, by)
  local entries = call('ZRANGE', key, 0, -1, 'WITHSCORES')
  local shifted = {}
  for i = 1, #entries, 2 do
    shifted[i], shifted[i + 1] = string.format('%.0f', tonumber(entries[i + 1]) - by), entries[i]
  end
  callAll('ZADD', key, shifted)
end

-- Whether a delayed execution was scheduled for a date.
local function isDated(state)
  local _, value = fields.read(state, 'isDated')
  return value ~= nil
end

-- Delays and retries keep what they have left. A date stays, unless it was reached before a step back.
local function shiftDelays(by)
  local entries = call('ZRANGE', keys.delayed, 0, -1, 'WITHSCORES')
  local ids = {}
  for i = 1, #entries, 2 do
    ids[#ids + 1] = string.sub(entries[i], 14)
  end
  local states = readAll('HMGET', keys.state, ids)
  local shifted = {}
  for i in ipairs(ids) do
    local due = tonumber(entries[2 * i])
    if (by > 0 and due <= frame.hwm) or not states[i] or not isDated(states[i]) then
      shifted[#shifted + 1] = string.format('%.0f', due - by)
      shifted[#shifted + 1] = entries[2 * i - 1]
    end
  end
  callAll('ZADD', keys.delayed, shifted)
end

local function shiftLocks(by)
  for _, member in ipairs(call('ZRANGE', keys.lockExpiries, 0, -1)) do
    local key = string.sub(member, 14)
    local ok, found = pcall(cmsgpack.unpack, call('HGET', keys.locks, key) or '')
    if ok and type(found) == 'table' and tonumber(found.at) then
      found.at = found.at - by
      call('HSET', keys.locks, key, cmsgpack.pack(found))
    end
  end
  shiftAll(keys.lockExpiries, by)
end

-- Rows that cannot be read stay as they are: what they are for passes over them as well.
local function shiftHandles(by)
  local waits, shifted = call('HGETALL', keys.handles), {}
  for i = 1, #waits, 2 do
    local ok, wait = pcall(cmsgpack.unpack, waits[i + 1])
    if ok and type(wait) == 'table' and tonumber(wait.deadline) and tonumber(wait.askedAt) then
      wait.deadline, wait.askedAt = wait.deadline - by, wait.askedAt - by
      shifted[#shifted + 1], shifted[#shifted + 2] = waits[i], cmsgpack.pack(wait)
    end
  end
  callAll('HSET', keys.handles, shifted)
end

local function shiftNodes(by)
  local nodes, shifted = call('HGETALL', keys.nodes), {}
  for i = 1, #nodes, 2 do
    local mask, heard = string.match(nodes[i + 1], '^(%d+)|(%d+)$')
    if mask then
      shifted[#shifted + 1], shifted[#shifted + 2] = nodes[i], mask .. '|' .. string.format('%.0f', heard - by)
    end
  end
  callAll('HSET', keys.nodes, shifted)
end

local function shiftDeadlines(by)
  shiftDelays(by)
  shiftLocks(by)
  shiftHandles(by)
  shiftNodes(by)
  for _, key in ipairs({
    keys.leases,
    keys.edgeTimeouts,
    keys.lockWaits,
    keys.expiries,
    keys.cancelDeadlines,
    keys.runDeadlines,
    keys.intakes,
  }) do
    shiftAll(key, by)
  end
  queueTable.shiftStarts(by)
  steps.note(-by)
  effects.push({ 'clock', by, now })
end

-- Takes the server's time as the new one where it is far behind. The first of a verb.
function clock.followBack()
  local by = frame.hwm - frame.serverTime
  if by <= STEP_BACK_MS then
    return
  end
  now = frame.serverTime
  frame.now = now
  tables.now = now
  shiftDeadlines(by)
  -- Each schedule is looked at: its next tick is found by the new time.
  local ticks = {}
  for _, id in ipairs(call('ZRANGE', keys.ticks, 0, -1)) do
    ticks[#ticks + 1] = string.format('%.0f', now)
    ticks[#ticks + 1] = id
  end
  callAll('ZADD', keys.ticks, ticks)
  call('HSET', keys.meta, 'steppedBack', frame.created)
  -- Minutes to come would outlive those of now.
  call('UNLINK', keys.window)
  effects.push({ 'due', now })
end

-- Follows a step forward by `ahead` ms, if no verb has written the new time yet: then all instants are of the time before.
-- Returns whether it did.
function clock.followForward(ahead)
  if frame.hwm > now - ahead + ESTIMATE_MS then
    return false
  end
  shiftDeadlines(-ahead)
  return true
end
