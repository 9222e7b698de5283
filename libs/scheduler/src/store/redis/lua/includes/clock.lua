-- Steps of the server's clock. Durations (leases, locks, timeouts, waits, rate limits, delays, idempotency keys) are stored
-- in steady time: the server's time plus an offset that changes with each step, so that steady time does not step, and
-- stored times need not be rewritten. Dates (`dated`, ticks) are stored as given.
--
-- A step back is detected here: the store's time stands still until the server has caught up; a large step is followed. A
-- step forward looks like time without calls; a node that called before detects it by its monotonic clock.

local clock = {}

local STEP_BACK_MS = 120000
-- Maximum error of a node's estimate.
local ESTIMATE_MS = 1000

-- Entries of a sorted set that one step of `walk` examines.
local PER_STEP = 200
-- Maximum bytes of a state that such a step reads: the state of an execution that has not run is small.
local SMALL_STATE = 4096

-- Makes schedules due whose next tick is in the future, so that their ticks are computed from the new time. ticks:
-- schedule, next tick, ...
local function makeTicksDue(ticks)
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

-- An earlier release stored dates in `delayed` only, where a step forward would delay them: adds them to `dated`. delayed:
-- member, steady time (which is the date itself), ...
local function addDates(delayed)
  local ids, indices = {}, {}
  for i = 1, #delayed, 2 do
    local id = string.sub(delayed[i], 14)
    if call('HSTRLEN', keys.state, id) <= SMALL_STATE then
      ids[#ids + 1], indices[#indices + 1] = id, i
    end
  end
  for i, state in ipairs(readAll('HMGET', keys.state, ids)) do
    local _, isDated = fields.read(state or '', 'isDated')
    if isDated then
      call('ZADD', keys.dated, 'NX', delayed[indices[i] + 1], delayed[indices[i]])
    end
  end
end

-- Continues a walk over a sorted set that a step has started; `keys.meta` has its cursor. Returns whether it must continue.
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

local function follow(instant, ms)
  steps.add(ms)
  context.follow(instant, ms)
  tables.now = now
  effects.push({ 'clock', -ms, now })
  effects.push({ 'due', now })
end

-- Follows a large step back. Dates that are already due must be promoted first, since they would not be due at the new
-- time. Returns whether there are any.
local function followBack()
  local ms = context.serverTime - context.highWaterMark
  if ms >= -STEP_BACK_MS then
    return false
  elseif locationTable.isDateDue() then
    return true
  end
  call('HSET', keys.meta, 'steppedBack', context.created, 'ticksCursor', '0')
  -- Future minutes would outlive the current ones.
  call('UNLINK', keys.window)
  follow(context.serverTime, ms)
  return false
end

-- `promote` calls it first. Returns whether it must continue.
function clock.followSteps()
  local isMore = followBack()
  isMore = walk('ticksCursor', keys.ticks, makeTicksDue) or isMore
  return walk('delayedCursor', keys.delayed, addDates) or isMore
end

-- Follows a step forward by `ahead` ms unless a verb has already written the new time: all stored instants precede the
-- step. Returns whether it did.
function clock.followForward(ahead)
  if context.highWaterMark > now - ahead + ESTIMATE_MS then
    return false
  end
  call('HSET', keys.meta, 'delayedCursor', '0')
  follow(now, ahead)
  return true
end
