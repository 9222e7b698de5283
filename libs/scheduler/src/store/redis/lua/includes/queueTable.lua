-- Pauses and limits of queues, see QueueTable in engine/tables.ts. A changed queue is written once, at the end of the verb.
-- Stored: '' without pause and limits, else { paused, max, per, concurrency, declaredBy, declaredTime, running, starts
-- (steady time) }. While its runs are counted (see runCounts.lua), `running` has UNCOUNTED added, so that a release that
-- does not know of the count treats the queue as full.
local queueTable = {}
tables.queues = queueTable

-- Texts of unreadable queues, by name.
local cache, dirty, unreadable

local UNCOUNTED = 1000000000
-- Queues per step.
local EXAMINED_PER_STEP = 250

function queueTable.begin()
  cache, dirty, unreadable = {}, {}, {}
end

local NUMBERS = { 'max', 'per', 'concurrency', 'running', 'declaredTime' }

-- See engine/rate-limit.ts.
local function areStarts(starts)
  for _, each in ipairs(type(starts) == 'table' and starts or { starts }) do
    if type(each) ~= 'table' or not (tonumber(each.from) and tonumber(each.at) and tonumber(each.count)) then
      return false
    end
  end
  return true
end

local function isReadable(stored)
  if type(stored) ~= 'table' or (stored.max and not stored.per) then
    return false
  end
  for _, name in ipairs(NUMBERS) do
    if stored[name] ~= nil and type(stored[name]) ~= 'number' then
      return false
    end
  end
  return stored.starts == nil or areStarts(stored.starts)
end

-- Converts the times of starts between steady time and instants.
local function convert(starts, toTime)
  if context.offset == 0 then
    return starts
  end
  local found = {}
  for i, each in ipairs(starts) do
    found[i] = { from = toTime(each.from), at = toTime(each.at), count = each.count }
  end
  return found
end

-- A stored queue, without pause and limits if it is unreadable; and whether it is readable.
function queueTable.read(name, text)
  local ok, stored = pcall(cmsgpack.unpack, text or '')
  local isGood = ok and isReadable(stored)
  stored = isGood and stored or {}
  local running = stored.running or 0
  local isCounting = running > UNCOUNTED / 2
  return {
    name = name,
    paused = stored.paused,
    max = stored.max,
    per = stored.per,
    concurrency = stored.concurrency,
    declaredBy = stored.declaredBy,
    declaredAt = stored.declaredBy and (stored.declaredTime or 0),
    running = isCounting and running - UNCOUNTED or running,
    isCounting = isCounting or nil,
    starts = convert(stored.starts or {}, context.instantOf),
  },
    isGood or not text or text == ''
end

-- The queue of that name, which is created if needed.
function queueTable.find(name)
  local queue = cache[name]
  if not queue then
    local text = call('HGET', keys.queues, name)
    if not text then
      call('HSET', keys.queues, name, '')
    end
    local isGood
    queue, isGood = queueTable.read(name, text)
    cache[name] = queue
    if not isGood then
      unreadable[name], dirty[name] = text, queue
    end
  end
  return queue
end

function queueTable:get(name)
  local isKnown = cache[name] or call('HEXISTS', keys.queues, name) == 1
  return isKnown and queueTable.find(name) or nil
end

-- A page of queues whose limits the app does not declare any more. Returns the next cursor, '0' at the end, and their
-- names.
function queueTable.undeclared(appName, isAlone, cursor)
  local names = {}
  if not context.hasLimits then
    return '0', names
  end
  local page = call('HSCAN', keys.queues, cursor, 'COUNT', EXAMINED_PER_STEP)
  for i = 1, #page[2], 2 do
    local name, text = page[2][i], page[2][i + 1]
    -- A text that does not contain the app's name need not be parsed.
    local queue = find(text, appName, 1, true) and queueTable.read(name, text)
    if queue and engine.queue.isUndeclared(tables, queue, appName, isAlone) then
      names[#names + 1] = name
    end
  end
  return page[1], names
end

-- Queues with a full rate limit per step.
local REFILLED_PER_STEP = 50

-- Visits each queue once, when its rate limit has room again. An earlier release does not add queues to `refills`: workers
-- find the room when they poll.
function queueTable:eachRefilled(visit)
  local steady = tables:steadyTime()
  for _, name in ipairs(call('ZRANGEBYSCORE', keys.refills, '-inf', steady, 'LIMIT', 0, REFILLED_PER_STEP)) do
    local queue = queueTable.find(name)
    local at = engine.queue.refillAt(queue)
    if at > now then
      call('ZADD', keys.refills, steady + at - now, name)
    else
      call('ZREM', keys.refills, name)
      visit(queue)
    end
  end
end

-- Of the entries beyond one step, the next may be a queue with nothing ready.
function queueTable:nextRefill()
  local steady = tables:steadyTime()
  local entries = call('ZRANGE', keys.refills, 0, REFILLED_PER_STEP - 1, 'WITHSCORES')
  for i = 1, #entries, 2 do
    local at = now + tonumber(entries[i + 1]) - steady
    local isLast = i == 2 * REFILLED_PER_STEP - 1
    if at <= now or isLast or readyTable:count(queueTable.find(entries[i])) > 0 then
      return at
    end
  end
  return nil
end

function queueTable:touch(queue)
  dirty[queue.name] = queue
end

-- Runs that started before the queue had limits were not counted.
function queueTable:setLimited(queue, isLimited)
  queue.isCounting = isLimited or nil
  if isLimited then
    runCounts.add(queue)
  else
    runCounts.remove(queue)
  end
  call('HINCRBY', keys.meta, 'ruled', isLimited and 1 or -1)
end

function queueTable:isCounted(queue, row)
  return not queue.isCounting or runCounts.has(row)
end

-- Has the runs of all queues with limits counted again, since some runs were set aside. Returns the next cursor, nil at the
-- end.
function queueTable.recount(cursor)
  local page = call('HSCAN', keys.queues, string.format('%.0f', cursor), 'COUNT', EXAMINED_PER_STEP)
  for i = 1, #page[2], 2 do
    local queue = page[2][i + 1] ~= '' and queueTable.read(page[2][i], page[2][i + 1])
    if queue and engine.queue.isLimited(queue) then
      runCounts.add(queue)
    end
  end
  return page[1] ~= '0' and tonumber(page[1]) or nil
end

local function pack(queue)
  if not queue.paused and not engine.queue.isLimited(queue) then
    return ''
  end
  return cmsgpack.pack({
    paused = queue.paused or nil,
    max = queue.max,
    per = queue.per,
    concurrency = queue.concurrency,
    declaredBy = queue.declaredBy,
    declaredTime = queue.declaredAt,
    running = queue.running + (queue.isCounting and UNCOUNTED or 0),
    starts = queue.max and convert(queue.starts, context.steadyAt),
  })
end

-- Queues that are read to count those with limits.
local COUNTED_AT_MOST = 1000

-- Counts the queues with limits again: whether unreadable ones had any is unknown. Among very many, the count stays too high,
-- so that the fast paths decline.
local function countLimited()
  if call('HLEN', keys.queues) > COUNTED_AT_MOST then
    return
  end
  local flat, count = call('HGETALL', keys.queues), 0
  for i = 1, #flat, 2 do
    if flat[i + 1] ~= '' and engine.queue.isLimited(queueTable.read(flat[i], flat[i + 1])) then
      count = count + 1
    end
  end
  call('HSET', keys.meta, 'ruled', count)
end

-- Writes the changed queues. What is stored of an unreadable one is set aside: it has no pause and no limits any more.
function queueTable.save()
  local isAnyUnreadable = false
  for name, text in pairs(unreadable) do
    isAnyUnreadable = true
    aside.put('queue', name, 'its pause and limits are unreadable', { text })
  end
  unreadable = {}
  local texts = {}
  for name, queue in pairs(dirty) do
    local at = engine.queue.refillAt(queue)
    if at > now then
      call('ZADD', keys.refills, tables:steadyTime() + at - now, name)
    else
      call('ZREM', keys.refills, name)
    end
    texts[#texts + 1] = name
    texts[#texts + 1] = pack(queue)
  end
  callAll('HSET', keys.queues, texts)
  dirty = {}
  if isAnyUnreadable then
    countLimited()
  end
end
