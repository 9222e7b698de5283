-- Steps of the server's clock. What counts time that has passed (leases, locks, timeouts, waits, rate limits, delays,
-- idempotency keys) is stored in steady time: that of the server and an offset, which changes by each step, so that steady
-- time does not step, and nothing is written anew. What names a date (`dated`, ticks) is stored as it is named.
--
-- A step back is found here: time stands still until the server has caught up, or, beyond a moment, follows it. A step
-- forward looks like time in which no node called; a node that called before it knows better, by its monotonic clock.

local clock = {}

local STEP_BACK_MS = 120000
-- By so much the estimate of a node may be wrong.
local ESTIMATE_MS = 1000

-- Entries of a sorted set that one step of a walk, see `walk`, looks at.
local PER_STEP = 200
-- Bytes of a state that such a step reads: one that has not run yet is small.
local SMALL_STATE = 4096

-- Schedules are looked at: their next ticks are found by the new time. ticks: schedule, next tick, ...
local function lookAt(ticks)
  local moved = {}
  for i = 1, #ticks, 2 do
    if tonumber(ticks[i + 1]) > now then
      moved[#moved + 1], moved[#moved + 2] = now, ticks[i]
    end
  end
  callAll('ZADD', keys.ticks, moved)
  if #moved > 0 then
    effects.push({ 'due', now })
  end
end

-- Dates that an earlier release has stored are among the delayed only, where a step forward would make them late. delayed:
-- member, steady time (of these the date), ...
local function addDates(delayed)
  local ids, places = {}, {}
  for i = 1, #delayed, 2 do
    local id = string.sub(delayed[i], 14)
    if call('HSTRLEN', keys.state, id) <= SMALL_STATE then
      ids[#ids + 1], places[#places + 1] = id, i
    end
  end
  for i, state in ipairs(readAll('HMGET', keys.state, ids)) do
    local _, isDated = fields.read(state or '', 'isDated')
    if isDated then
      call('ZADD', keys.dated, 'NX', delayed[places[i] + 1], delayed[places[i]])
    end
  end
end

-- Goes on with a walk through a sorted set, if a step has begun one: `keys.meta` has its cursor. Returns whether there is more.
local function walk(cursorName, key, visit)
  local cursor = call('HGET', keys.meta, cursorName)
  if not cursor then
    return false
  end
  local page = call('ZSCAN', key, cursor, 'COUNT', PER_STEP)
  visit(page[2])
  if page[1] == '0' then
    call('HDEL', keys.meta, cursorName)
  else
    call('HSET', keys.meta, cursorName, page[1])
  end
  return page[1] ~= '0'
end

local function follow(instant, by)
  steps.note(by)
  context.follow(instant, by)
  tables.now = now
  effects.push({ 'clock', -by, now })
  effects.push({ 'due', now })
end

-- Takes the server's time as the new one where it is far behind. Dates that have been reached come first, since they would
-- be to come again. Returns whether any have to.
local function followBack()
  local by = context.serverTime - context.highWaterMark
  if by >= -STEP_BACK_MS then
    return false
  elseif locationTable.isDateDue() then
    return true
  end
  call('HSET', keys.meta, 'steppedBack', context.created, 'ticksCursor', '0')
  -- Minutes to come would outlive those of now.
  call('UNLINK', keys.window)
  follow(context.serverTime, by)
  return false
end

-- The first of `promote`. Returns whether there is more to do.
function clock.look()
  local isMore = followBack()
  isMore = walk('ticksCursor', keys.ticks, lookAt) or isMore
  return walk('delayedCursor', keys.delayed, addDates) or isMore
end

-- Follows a step forward by `ahead` ms, if no verb has written the new time yet: then all instants are of the time before.
-- Returns whether it did.
function clock.followForward(ahead)
  if context.highWaterMark > now - ahead + ESTIMATE_MS then
    return false
  end
  call('HSET', keys.meta, 'delayedCursor', '0')
  follow(now, ahead)
  return true
end
