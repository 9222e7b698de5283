-- Schedules, see ScheduleTable in engine/schedule-tables.ts. A changed schedule is written once, at the end of the verb. The next ticks
-- are in a zset, and so are the schedules of each app by the time at which it last declared them.
-- @include scheduleRecords
local scheduleTable = {}
tables.schedules = scheduleTable

-- Changed schedules; those of them whose next tick changed; removed ones.
local cache, dirty, ticksChanged, removed
-- By app: schedules that it declares in this verb.
local declared

-- Undeclared schedules per step.
local UNDECLARED_PER_STEP = 50

function scheduleTable.begin()
  cache, dirty, ticksChanged, removed, declared = {}, {}, {}, {}, {}
  -- Whether more schedules may have to be removed.
  scheduleTable.mayBeMore = false
end

local function keep(id, text)
  cache[id] = scheduleRecords.parse(id, text) or false
end

function scheduleTable:get(id)
  if cache[id] == nil then
    keep(id, call('HGET', keys.schedules, id))
  end
  return cache[id] or nil
end

-- Reads many together. Returns the ids of their last executions.
function scheduleTable.fetch(ids)
  local last = {}
  for i, text in ipairs(readAll('HMGET', keys.schedules, ids)) do
    keep(ids[i], text)
    last[#last + 1] = cache[ids[i]] and cache[ids[i]].lastExecutionId or nil
  end
  return last
end

function scheduleTable:create(id)
  local schedule = { id = id, paused = false, revision = 0 }
  cache[id] = schedule
  return schedule
end

function scheduleTable:touch(schedule)
  dirty[schedule.id] = schedule
end

function scheduleTable:order(schedule)
  dirty[schedule.id], ticksChanged[schedule.id] = schedule, true
end

function scheduleTable:delete(schedule)
  cache[schedule.id], dirty[schedule.id], removed[schedule.id] = false, nil, schedule
end

function scheduleTable:declare(app, ids)
  local list = declared[app] or {}
  declared[app] = list
  for _, id in ipairs(ids) do
    list[#list + 1] = id
  end
end

-- Sets the time of all entries to 0. An entry whose schedule belongs to another app by now is removed when it is examined.
function scheduleTable:undeclare(app)
  local key = keys.declared(app)
  call('ZUNIONSTORE', key, 1, key, 'WEIGHTS', 0)
end

function scheduleTable:undeclared(app, age)
  local key, found, bytes = keys.declared(app), {}, 0
  local ids = call('ZRANGEBYSCORE', key, '-inf', context.attendedTime() - age, 'LIMIT', 0, UNDECLARED_PER_STEP)
  local isNow = {}
  for _, id in ipairs(declared[app] or {}) do
    isNow[id] = true
  end
  scheduleTable.mayBeMore = #ids == UNDECLARED_PER_STEP
  for _, id in ipairs(ids) do
    if bytes > STEP_BYTES then
      scheduleTable.mayBeMore = true
      break
    end
    if not isNow[id] then
      bytes = bytes + call('HSTRLEN', keys.schedules, id)
      local schedule = scheduleTable:get(id)
      if schedule and schedule.declaredBy == app then
        found[#found + 1] = schedule
      else
        call('ZREM', key, id)
      end
    end
  end
  return found
end

local function saveDeclared()
  for app, ids in pairs(declared) do
    local entries, at = {}, context.attendedTime()
    for i, id in ipairs(ids) do
      entries[2 * i - 1], entries[2 * i] = at, id
    end
    callAll('ZADD', keys.declared(app), entries)
  end
  declared = {}
end

-- Writes the changed schedules.
function scheduleTable.save()
  saveDeclared()
  local texts, ticks, without = {}, {}, {}
  for id, schedule in pairs(dirty) do
    texts[#texts + 1], texts[#texts + 2] = id, scheduleRecords.pack(schedule)
    local at = engine.schedule.nextTick(schedule)
    if ticksChanged[id] and at then
      ticks[#ticks + 1], ticks[#ticks + 2] = at, id
    elseif ticksChanged[id] then
      without[#without + 1] = id
    end
    if schedule.declaredBy then
      call('ZADD', keys.declared(schedule.declaredBy), 'NX', context.attendedTime(), id)
    end
  end
  callAll('HSET', keys.schedules, texts)
  callAll('ZADD', keys.ticks, ticks)
  callAll('ZREM', keys.ticks, without)
  for id, schedule in pairs(removed) do
    call('HDEL', keys.schedules, id)
    call('ZREM', keys.ticks, id)
    if schedule.declaredBy then
      call('ZREM', keys.declared(schedule.declaredBy), id)
    end
  end
  dirty, ticksChanged, removed = {}, {}, {}
end
