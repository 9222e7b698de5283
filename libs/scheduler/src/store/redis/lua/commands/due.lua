#!lua flags=allow-oom
-- What is due, in few reads: each node calls this every second, in case a message was lost. Renews the idle entries of its
-- workers.
-- ARGV: context, operation (none), number of the newest claim when no run was found | '', 1 to read leases and idle workers
--   too, number of workers, their ids, names of the queues that they serve
-- Returns: { whether to promote, next due instant | '', whether schedules are due, next tick | '', whether to look for
--   expired runs, whether to rescue, earliest end of a lease | '', whether workers may find work, number of the newest
--   claim if there are no runs | '', identity of the store (see listen.lua) | '', store's time }, no effects
-- @include keys
-- @include chunks
-- @include head
-- An entry of `keys.idle`, see dispatch.lua.
local IDLE_ENTRY = '^(%d+)|'
-- The stored time may lag by this much before a verb that writes it is due.
local UNWRITTEN_MS = 5000
call = redis.call
local meta =
  call('HMGET', keys.meta, 'hwm', 'n', 'seq', 'ruled', 'orphans', 'born', 'offset', 'ticksCursor', 'delayedCursor')
local written, created, claims = tonumber(meta[1]) or 0, tonumber(meta[2]) or 0, meta[3] or '0'
local serverTime = head.serverTime(string.match(ARGV[1], '^%d*', head.TEST_TIME))
local time = math.max(serverTime, written)
-- As context.lua does: a node that accepted the new time from here would not detect a step of the clock.
if head.isLate(head.asked(), tonumber(head.budget()), time) then
  return head.late(time)
end
-- The offset of steady time, and whether a walk after a step of the clock is in progress, see clock.lua.
local offset, isWalking = tonumber(meta[7]) or 0, meta[8] or meta[9]
local isFull, workers = ARGV[4] == '1', tonumber(ARGV[5])

-- Keys whose existence means that workers have work, or that something is due.
local candidates = { keys.continuation, keys.otherSteps, keys.uncounted, keys.counting }
local stepCount = #candidates
-- Ticks and dates use the server's clock, the others steady time.
local deadlineKeys = {
  keys.ticks,
  keys.dated,
  keys.delayed,
  keys.expiries,
  keys.lockExpiries,
  keys.edgeTimeouts,
  keys.lockWaits,
  keys.cancelDeadlines,
}
for _, key in ipairs(deadlineKeys) do
  candidates[#candidates + 1] = key
end
if workers > 0 then
  candidates[#candidates + 1] = keys.unhandledTasks
end
for i = 6 + workers, #ARGV do
  for level = 0, 4 do
    candidates[#candidates + 1] = keys.ready(ARGV[i], level)
  end
end
local existing = callAll('EXISTS', keys.committedBatches, candidates)
local nextTick, nextDue
for i, key in ipairs(deadlineKeys) do
  local first = existing > 0 and tonumber(call('ZRANGE', key, 0, 0, 'WITHSCORES')[2])
  if first then
    existing = existing - 1
    if i == 1 then
      nextTick = first
    else
      local at = i == 2 and first or first - offset
      nextDue = math.min(nextDue or at, at)
    end
  end
end
local existingSteps = existing > 0 and callAll('EXISTS', keys.committedBatches, candidates, 1, stepCount) or 0
local hasWork = existing > existingSteps
local ahead = serverTime - written
local promote = existingSteps > 0
  or meta[5] ~= false
  or isWalking
  or (hasWork and (tonumber(meta[4]) or 0) > 0)
  or (nextDue and nextDue <= time)
  or ahead < 0
  or ahead > UNWRITTEN_MS
local isRunning = ARGV[3] ~= claims and (tonumber(call('HGET', keys.counters, 'RUNNING')) or 0) > 0

local lease
if isFull then
  lease = tonumber(call('ZRANGE', keys.leases, 0, 0, 'WITHSCORES')[2])
  lease = lease and lease - offset
  for i = 6, 5 + workers do
    local slots = string.match(call('HGET', keys.idle, ARGV[i]) or '', IDLE_ENTRY)
    if slots then
      call('HSET', keys.idle, ARGV[i], slots .. '|' .. string.format('%.0f', time + offset))
    end
    -- A worker without an idle entry may be idle: it polls by itself.
    hasWork = hasWork or not slots
  end
end

local function flag(value)
  return value and 1 or 0
end

local function instant(value)
  return value and string.format('%.0f', value) or ''
end

return {
  {
    flag(promote),
    instant(nextDue),
    flag(nextTick and nextTick <= time),
    instant(nextTick),
    flag(isRunning),
    flag(lease and lease <= time),
    instant(lease),
    flag(hasWork),
    isRunning and '' or claims,
    meta[6] or '',
    time,
  },
  '',
  time,
  created,
  created,
}
