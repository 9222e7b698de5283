-- The context of a call: the caller's settings (see head.lua), the store's time, and what is written once, at the end of
-- the verb.
-- ARGV[2]: operation id, or ''
-- @include limits
-- @include memo
-- @include head
-- @include codes
-- @include chunks
local context = {}
-- An operation '=<pipeline>|<number>;' belongs to a pipeline of the node: an operation is never repeated once the next one
-- has arrived, so one field stores the newest reply of a pipeline, and none can be too old to be recognized.
local isInPipeline

-- The stored reply of an operation that was already done, or nil.
local function earlierReply()
  if isInPipeline then
    local number, replyStart = string.match(context.lastOperation or '', '|(%d+);()')
    -- A late request from an abandoned connection: it was repeated since, or reported as unknown.
    if number and tonumber(number) >= tonumber(string.match(ARGV[2], '%d+', 4)) then
      return cmsgpack.unpack(sub(context.lastOperation, replyStart))
    end
  elseif ARGV[2] ~= '' then
    local done = call('HGET', keys.operations, ARGV[2])
    return done and cmsgpack.unpack(done) or nil
  end
end

-- The fields of `meta` with the last operation of each pipeline of a node, by its number.
local function pipelinesOf(node)
  local fields_ = {}
  for number = 0, 9 do
    fields_[tostring(number)] = 'lane|' .. node .. codes.PIPELINE_OPERATION .. number
  end
  return fields_
end

local function parse(text)
  local testTime, lease, count, age, bytes, others, bound, publish, node =
    string.match(text, '^(%d*)|(%d+)|(%d+)|(%d*)|(%d*)|([%d,;]*)|(%d+)|(%a+)|(.*)$')
  return {
    testTime = testTime,
    lease = tonumber(lease),
    historyCount = tonumber(count),
    historyAge = tonumber(age),
    historyBytes = tonumber(bytes),
    historyOthers = others,
    countsBytes = bytes ~= '' or (others ~= '' and string.find(others, ',%d+;') ~= nil),
    maxAttempt = tonumber(bound),
    publish = publish,
    node = node,
    connection = 'connection|' .. node,
    pipelines = pipelinesOf(node),
    listeners = 'others|' .. node,
  }
end

local KEPT_AT_MOST = 100

-- Callers repeat their settings; a test's clock is part of the text.
local settingsOf = memo.of(parse, KEPT_AT_MOST)

-- The newest texts of numbers that calls read, and the numbers: most do not change between calls, and to convert one costs
-- as much as to read it.
local texts, numbers = {}, {}

local function numberOf(index, text)
  if texts[index] ~= text then
    texts[index], numbers[index] = text, tonumber(text)
  end
  return numbers[index]
end

-- The text of a whole number that the call writes to that field; the next call will read it.
local function textOf(index, number)
  local text = string.format('%d', number)
  texts[index], numbers[index] = text, number
  return text
end

-- Fields of `meta` that are numbers, in the order in which they are read. Of a node, if it is registered: the mask of the
-- events that other nodes subscribe to, and the generation of its newest connection.
local HIGH_WATER_MARK, CREATED, SEQUENCE, MASK, LIMITS, NODES, REMOVED, OFFSET, OTHERS_MASK, CONNECTION =
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10
local NUMBERS = 10

-- Reads them, and the last operation of the pipeline.
local function readMeta(settings)
  local found = call(
    'HMGET',
    keys.meta,
    'hwm',
    'n',
    'seq',
    'mask',
    'ruled',
    'nodes',
    'popped',
    'offset',
    settings.listeners,
    settings.connection,
    context.pipeline or 'hwm'
  )
  for i = 1, NUMBERS do
    local text = found[i]
    if texts[i] ~= text then
      texts[i], numbers[i] = text, tonumber(text)
    end
  end
  return found[NUMBERS + 1]
end

-- Returns a reply if the verb has nothing to do, else nil.
function context.begin()
  call, isInPipeline = redis.call, sub(ARGV[2], 1, 1) == codes.PIPELINE_OPERATION
  local generation = numberOf('generation', head.generation())
  local text = sub(ARGV[1], head.TEST_TIME)
  local settings = settingsOf(text)
  local testTime = settings.testTime
  context.budget = numberOf('budget', head.budget())
  context.lease, context.maxAttempt = settings.lease, settings.maxAttempt
  context.historyCount, context.historyAge = settings.historyCount, settings.historyAge
  context.historyBytes = settings.historyBytes
  -- Limits of FAILED, CANCELLED and SKIPPED as count,age,bytes; for each, if they differ from those of COMPLETED.
  context.historyOthers = settings.historyOthers
  -- Whether any of them limits bytes.
  context.countsBytes = settings.countsBytes
  context.publish, context.node, context.connection = settings.publish, settings.node, settings.connection
  context.pipeline = isInPipeline and settings.pipelines[sub(ARGV[2], 2, 2)] or nil
  context.lastOperation = readMeta(settings)
  local serverTime = head.serverTime(testTime)
  context.highWaterMark = numbers[HIGH_WATER_MARK] or 0
  -- A test may turn its clock back.
  context.serverTime = testTime == '' and serverTime or math.max(serverTime, context.highWaterMark)
  context.created, context.sequence = numbers[CREATED] or 0, numbers[SEQUENCE] or 0
  context.mask, context.nodes = numbers[MASK] or 0, numbers[NODES] or 0
  context.hasLimits, context.idsRemoved = (numbers[LIMITS] or 0) > 0, numbers[REMOVED] or 0
  -- The mask of a node that is not registered is unknown: all subscribed events are published.
  context.othersMask = numbers[OTHERS_MASK] or context.mask
  -- Time never goes back here, whatever the server's clock does; see clock.lua.
  now = math.max(serverTime, context.highWaterMark)
  -- ms from the server's clock to steady time, see clock.lua; steady time now.
  context.offset = numbers[OFFSET] or 0
  context.steady = now + context.offset
  -- A request whose sender has stopped waiting changes nothing. A sender that still waits asks again with the time in this
  -- reply.
  local newest = numbers[CONNECTION] or 0
  if generation < newest or head.isLate(head.asked(), context.budget, now) then
    return head.late(now)
  end
  context.generation = generation > newest and generation or nil
  context.createdBefore, context.sequenceBefore = context.created, context.sequence
  context.counterChanges, context.reply, context.gaps = {}, nil, nil
  return earlierReply()
end

-- The steady time of an instant, ms since 1970.
function context.steadyAt(instant)
  return instant + context.offset
end

-- The instant of a steady time, by the server's current clock.
function context.instantOf(steady)
  return steady - context.offset
end

-- ms without calls before this one, if too many for a node to have been there (else 0); negative after a step back.
local function unattended()
  local by = now - context.highWaterMark
  return context.highWaterMark > 0 and (by > limits.UNATTENDED_MS or by < 0) and by or 0
end

-- A time that stands still while no node is there, so steps of the server's clock do not affect it.
function context.attendedTime()
  return now - (tonumber(call('HGET', keys.meta, 'unattended')) or 0) - unattended()
end

-- Maximum number of stored gaps; runs older than these gaps have ended.
local GAPS_KEPT = 8

-- Record: number of the newest claim before the gap ':' ms ';', oldest first
local function recordUnattended(by)
  local gaps = (call('HGET', keys.meta, 'gaps') or '') .. string.format('%.0f:%.0f;', context.sequenceBefore, by)
  local _, count = string.gsub(gaps, ';', ';')
  if count > GAPS_KEPT then
    gaps = string.match(gaps, ';(.*)$')
  end
  call('HSET', keys.meta, 'gaps', gaps)
  call('HINCRBY', keys.meta, 'unattended', by)
end

-- Sets the store's time after a step of the server's clock by `by` ms (negative: back); steady time does not step. Time and
-- offset are written at once: the step is followed even if the verb fails later.
function context.follow(instant, by)
  now = instant
  if unattended() ~= 0 then
    recordUnattended(unattended())
  end
  context.offset = context.offset - by
  call('HSET', keys.meta, 'hwm', now, 'offset', context.offset)
  context.highWaterMark, context.steady = now, context.steadyAt(now)
end

-- ms without any node since the claim of that number. Its run had a worker, so these are steps of the clock.
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

-- Counters that are derived: `scheduled` is the newest number, PENDING the remainder.
local DERIVED = { PENDING = true, scheduled = true }

function context.count(name, by)
  if not DERIVED[name] then
    context.counterChanges[name] = (context.counterChanges[name] or 0) + by
  end
end

-- Fields and values of `meta` that a call changes; the table is used again, since to grow one costs more than to fill it.
local changed, changedCount = {}, 0

local function change(field, value)
  changed[changedCount + 1], changed[changedCount + 2] = field, value
  changedCount = changedCount + 2
end

-- Writes what the verb has collected.
function context.save()
  changedCount = 0
  if unattended() ~= 0 then
    recordUnattended(unattended())
  end
  if now ~= context.highWaterMark then
    change('hwm', textOf(HIGH_WATER_MARK, now))
  end
  if context.created ~= context.createdBefore then
    change('n', textOf(CREATED, context.created))
  end
  if context.sequence ~= context.sequenceBefore then
    change('seq', textOf(SEQUENCE, context.sequence))
  end
  if context.generation then
    change(context.connection, context.generation)
  end
  if context.reply then
    change(context.pipeline, context.reply)
  end
  if changedCount > 0 then
    callAll('HSET', keys.meta, changed, 1, changedCount)
  end
  for name, by in pairs(context.counterChanges) do
    if by ~= 0 then
      call('HINCRBY', keys.counters, name, by)
    end
  end
end

local OPERATIONS_KEPT, OPERATIONS_AT_MOST = 1000, 10000

-- Deletes operations that cannot be repeated any more: a request older than its budget is rejected.
local function dropOperations(length)
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

-- The reply of a verb that writes. The numbers of the newest execution before and after the verb let the caller detect that
-- the store has lost data.
function context.replyOf(value, effectsText)
  return { value, effectsText, now, context.createdBefore, context.created }
end

-- Stores the reply of an operation, so that a repeat changes nothing. Call it before `save`.
function context.remember(reply)
  if isInPipeline then
    context.reply = ARGV[2] .. cmsgpack.pack(reply)
  elseif ARGV[2] ~= '' then
    call('HSET', keys.operations, ARGV[2], cmsgpack.pack(reply))
    local length = call('RPUSH', keys.operationOrder, string.format('%d', context.steady) .. '|' .. ARGV[2])
    if length > OPERATIONS_KEPT then
      dropOperations(length)
    end
  end
end
