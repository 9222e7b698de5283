-- The fast path of enqueue: simple executions of tasks that no other task depends on, stored without rows. Does what
-- engine.admit does with them, and leaves all others to the engine.
-- @include memo
-- @include records
-- @include dispatch
local simpleEnqueue = {}

-- Batches up to this size are checked id by id, see isRepeat.
local CHECKED_EACH = 16

local KEPT_AT_MOST, LENGTH_AT_MOST = 100, 1000

-- Callers repeat their groups.
local decodeKept = memo.of(cjson.decode, KEPT_AT_MOST)

local function groupsOf(text)
  return #text <= LENGTH_AT_MOST and decodeKept(text) or cjson.decode(text)
end

-- Whether any execution is already stored. A batch is stored as a whole, and the reply of a large one is remembered by its
-- operation id, so checking its first and last id is enough; checking each would cost as much as storing it. A single
-- execution is stored by the same command.
local function isRepeat(count, ids, idsAndRecords)
  if count == 1 then
    return call('HSETNX', keys.static, ids[1], idsAndRecords[2]) == 0
  end
  local checked = count > CHECKED_EACH and { ids[1], ids[count] } or ids
  for _, stored in ipairs(readAll('HMGET', keys.static, checked)) do
    if stored then
      return true
    end
  end
  return false
end

-- What is stored of the queues of these groups, by name; new queues are created.
local function queuesOf(groups)
  local queues = {}
  for _, group in ipairs(groups) do
    local name = group[1]
    queues[name] = queues[name] or call('HGET', keys.queues, name)
    if not queues[name] then
      call('HSET', keys.queues, name, '')
      queues[name] = ''
    end
  end
  return queues
end

-- The ready list of each group; ids by ready list, still empty. nil: other tasks depend on a task of these.
local function listsOf(groups)
  local lists, buffers = {}, {}
  for i, group in ipairs(groups) do
    if call('SISMEMBER', keys.watched, group[3]) == 1 then
      return nil
    end
    lists[i] = keys.ready(group[1], group[2])
    buffers[lists[i]] = {}
  end
  return lists, buffers
end

-- The events of new executions, and of their start on that worker, if they were dispatched. `groupOf`: group of each
-- execution as one character.
local function emit(groups, groupOf, ids, dispatchedTo)
  local isScheduled, isStarted = effects.isSubscribed('scheduled'), dispatchedTo and effects.isSubscribed('started')
  if isScheduled then
    for i, id in ipairs(ids) do
      local group = groups[byte(groupOf, i)]
      effects.pushScheduled(id, group[3], group[1], group[2], false)
    end
  end
  if isStarted then
    for i, id in ipairs(ids) do
      local group = groups[byte(groupOf, i)]
      effects.pushStarted(id, group[3], group[1], group[2], dispatchedTo, false)
    end
  end
end

-- Stores `count` executions, whose ids and records are in ARGV from `first` on. Returns the reply of the verb; nil if the
-- executions are not simple, or already stored.
function simpleEnqueue.enqueue(first, count)
  local groups, groupOf, ownWorker = groupsOf(ARGV[6]), ARGV[7], ARGV[8]
  local lists, buffers = listsOf(groups)
  if not lists then
    return nil
  end
  local ids, idsAndRecords = {}, {}
  -- With one group, the list of ids is also the content of its ready list.
  local isOneList = #groups == 1
  if isOneList then
    buffers[lists[1]] = ids
  end
  for i = 1, count do
    local at = first + 2 * (i - 1)
    local id = ARGV[at]
    ids[i] = id
    idsAndRecords[2 * i - 1] = id
    idsAndRecords[2 * i] = records.new(ARGV[at + 1])
    if not isOneList then
      local buffer = buffers[lists[byte(groupOf, i)]]
      buffer[#buffer + 1] = id
    end
  end
  if isRepeat(count, ids, idsAndRecords) then
    context.created = context.createdBefore
    return nil
  end
  local queues = queuesOf(groups)
  local dispatchedTo, claimNumber = dispatch.toIdleWorker(ownWorker, groups, queues, ids, idsAndRecords)
  if count > 1 then
    callAll('HSET', keys.static, idsAndRecords)
  end
  callAll('RPUSH', keys.all, ids)
  if not dispatchedTo then
    for list, buffer in pairs(buffers) do
      callAll('RPUSH', list, buffer)
    end
    for name, stored in pairs(queues) do
      effects.wake(name, stored)
    end
  end
  context.count('PENDING', count)
  context.count('scheduled', count)
  emit(groups, groupOf, ids, dispatchedTo)
  local isOwn = dispatchedTo and dispatchedTo == ownWorker
  local claimed = isOwn and string.format('%d|%d|%d', now, claimNumber, context.createdBefore)
  local reply = context.replyOf(claimed or {}, effects.publish())
  context.remember(reply)
  context.save()
  return reply
end
