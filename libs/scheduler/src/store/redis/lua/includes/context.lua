-- The frame of every verb: the caller's settings, see head.lua, the store's time, and what is written once at the end.
-- ARGV[2]: operation, or ''
-- @include limits
-- @include head
-- @include codes
-- @include chunks
local context = {}
-- An operation '=<lane>|<number>;' is one of many that follow each other on a lane of the node: none is asked for again
-- when the next one has come, so that a lane has one field, and none is ever too old to be known.
local isInPipeline

-- The kept reply of an operation that was done before, or nil.
local function doneBefore()
  if isInPipeline then
    local number, reply = string.match(context.lastOperation or '', '|(%d+);(.*)$')
    -- An older one, late from a connection that was given up, has long been repeated, or reported as unknown.
    if number and tonumber(number) >= tonumber(string.match(ARGV[2], '%d+', 4)) then
      return cmsgpack.unpack(reply)
    end
  elseif ARGV[2] ~= '' then
    local done = call('HGET', keys.operations, ARGV[2])
    return done and cmsgpack.unpack(done) or nil
  end
end

-- Returns the reply where the verb has nothing to do, else nil.
function context.begin()
  call, isInPipeline = redis.call, sub(ARGV[2], 1, 1) == codes.PIPELINE_OPERATION
  local asked, generation = head.asked(), head.generation()
  local testTime, lease, count, age, bytes, others, bound, publish, node =
    string.match(ARGV[1], '^(%d*)|(%d+)|(%d+)|(%d*)|(%d*)|([%d,;]*)|(%d+)|(%a+)|(.*)$', head.TEST_TIME)
  context.budget = head.budget()
  context.lease = tonumber(lease)
  context.historyCount = tonumber(count)
  context.historyAge = tonumber(age)
  context.historyBytes = tonumber(bytes)
  -- Those of FAILED, CANCELLED and SKIPPED as count,age,bytes; each, where they differ from those of COMPLETED.
  context.historyOthers = others
  -- Whether bytes matter to any of them.
  context.countsBytes = bytes ~= '' or (others ~= '' and string.find(others, ',%d+;') ~= nil)
  context.maxAttempt = tonumber(bound)
  context.publish = publish
  context.node = node
  context.pipeline = isInPipeline and 'lane|' .. node .. string.sub(ARGV[2], 1, 2)
  local listeners, pipeline = 'others|' .. node, context.pipeline or 'hwm'
  context.connection = 'connection|' .. node
  local meta = call(
    'HMGET',
    keys.meta,
    'hwm',
    'n',
    'seq',
    'mask',
    'ruled',
    'nodes',
    'popped',
    listeners,
    pipeline,
    context.connection,
    'offset'
  )
  local serverTime = head.serverTime(testTime)
  context.highWaterMark = tonumber(meta[1]) or 0
  -- A clock that a test turns may go back as it likes.
  context.serverTime = testTime == '' and serverTime or math.max(serverTime, context.highWaterMark)
  context.created = tonumber(meta[2]) or 0
  context.sequence = tonumber(meta[3]) or 0
  context.mask = tonumber(meta[4]) or 0
  context.hasLimits = (tonumber(meta[5]) or 0) > 0
  context.nodes = tonumber(meta[6]) or 0
  context.idsRemoved = tonumber(meta[7]) or 0
  -- A node that is not known to listen may have missed how the others do: then all that anybody wants is told.
  context.othersMask = tonumber(meta[8]) or context.mask
  context.lastOperation = meta[9]
  -- Time does not go back here, whatever the server's clock does; but see clock.lua.
  now = math.max(serverTime, context.highWaterMark)
  -- ms from the server's clock to steady time, see clock.lua; and steady time now.
  context.offset = tonumber(meta[11]) or 0
  context.steady = now + context.offset
  -- What its sender no longer waits for changes nothing. Who still waits asks again, with the time that this says.
  local newest = tonumber(meta[10]) or 0
  if generation < newest or head.isLate(asked, context.budget, now) then
    return head.late(now)
  end
  context.generation = generation > newest and generation or nil
  context.createdBefore, context.sequenceBefore = context.created, context.sequence
  context.counterChanges, context.reply, context.gaps = {}, nil, nil
  return doneBefore()
end

-- The steady time of an instant, ms since 1970.
function context.steadyAt(instant)
  return instant + context.offset
end

-- The instant of a steady time, by the server's clock as it is now.
function context.instantOf(steady)
  return steady - context.offset
end

-- ms without a call that end with this one, where they are so many that no node can have been there; negative after a step
-- back.
local function unattended()
  local by = now - context.highWaterMark
  return context.highWaterMark > 0 and (by > limits.UNATTENDED_MS or by < 0) and by or 0
end

-- A time that stands still while no node is there, and so does not jump where the server's clock does.
function context.attendedTime()
  return now - (tonumber(call('HGET', keys.meta, 'unattended')) or 0) - unattended()
end

-- Such times that are kept; older ones end with the runs of their time.
local GAPS_KEPT = 8

-- Record: number of the newest claim before it ':' ms ';', oldest first
local function noteUnattended(by)
  local gaps = (call('HGET', keys.meta, 'gaps') or '') .. string.format('%.0f:%.0f;', context.sequenceBefore, by)
  local _, count = string.gsub(gaps, ';', ';')
  if count > GAPS_KEPT then
    gaps = string.match(gaps, ';(.*)$')
  end
  call('HSET', keys.meta, 'gaps', gaps)
  call('HINCRBY', keys.meta, 'unattended', by)
end

-- Takes an instant for the store's time, after a step of the server's clock by so many ms (negative: back), by which steady
-- time does not step. Time and offset are written at once: should the verb fail later, the step is followed all the same.
function context.follow(instant, by)
  now = instant
  if unattended() ~= 0 then
    noteUnattended(unattended())
  end
  context.offset = context.offset - by
  call('HSET', keys.meta, 'hwm', now, 'offset', context.offset)
  context.highWaterMark, context.steady = now, context.steadyAt(now)
end

-- ms since the claim of that number in which no node was there: its run had a worker, so that the clock has stepped.
function context.unattendedSince(number)
  local sum = unattended()
  context.gaps = context.gaps or call('HGET', keys.meta, 'gaps') or ''
  for at, by in string.gmatch(context.gaps, '(%d+):(-?%d+);') do
    sum = sum + (number <= tonumber(at) and tonumber(by) or 0)
  end
  return sum
end

function context.nextNumber()
  context.sequence = context.sequence + 1
  return context.sequence
end

-- What follows from the rest is not counted: `scheduled` is the newest number, and PENDING what is left.
local DERIVED = { PENDING = true, scheduled = true }

function context.count(name, by)
  context.counterChanges[name] = (context.counterChanges[name] or 0) + by
end

-- Writes what the verb has gathered.
function context.save()
  local changed = {}
  if unattended() ~= 0 then
    noteUnattended(unattended())
  end
  if now ~= context.highWaterMark then
    changed[#changed + 1] = 'hwm'
    changed[#changed + 1] = now
  end
  if context.created ~= context.createdBefore then
    changed[#changed + 1] = 'n'
    changed[#changed + 1] = context.created
  end
  if context.sequence ~= context.sequenceBefore then
    changed[#changed + 1] = 'seq'
    changed[#changed + 1] = context.sequence
  end
  if context.generation then
    changed[#changed + 1] = context.connection
    changed[#changed + 1] = context.generation
  end
  if context.reply then
    changed[#changed + 1] = context.pipeline
    changed[#changed + 1] = context.reply
  end
  if #changed > 0 then
    callAll('HSET', keys.meta, changed)
  end
  for name, by in pairs(context.counterChanges) do
    if by ~= 0 and not DERIVED[name] then
      call('HINCRBY', keys.counters, name, by)
    end
  end
end

local OPERATIONS_KEPT, OPERATIONS_AT_MOST = 1000, 10000

-- Forgets operations that no caller can repeat any more: what comes later than its budget is refused by its age.
local function forgetOperations(length)
  for _, entry in ipairs(call('LRANGE', keys.operationOrder, 0, 1)) do
    local at, operation = string.match(entry, '^(%d+)|(.*)$')
    local age = at and context.steady - tonumber(at) or context.budget
    if length <= OPERATIONS_AT_MOST and age >= 0 and age < context.budget then
      return
    end
    call('LPOP', keys.operationOrder)
    call('HDEL', keys.operations, operation or entry)
    length = length - 1
  end
end

-- The reply of a verb that writes. By the numbers of the newest execution before it and behind it, the caller notices where
-- the store has come back with older data, or with none.
function context.replyOf(value, told)
  return { value, told, now, context.createdBefore, context.created }
end

-- Keeps the reply of an operation, so that its repeat changes nothing. Before `save`.
function context.remember(reply)
  if isInPipeline then
    context.reply = ARGV[2] .. cmsgpack.pack(reply)
  elseif ARGV[2] ~= '' then
    call('HSET', keys.operations, ARGV[2], cmsgpack.pack(reply))
    local length = call('RPUSH', keys.operationOrder, string.format('%.0f', context.steady) .. '|' .. ARGV[2])
    if length > OPERATIONS_KEPT then
      forgetOperations(length)
    end
  end
end
