#!lua flags=no-writes
-- A part of the executions, newest first, down from a number.
-- ARGV: context, operation (none), number below which to look | '', how many to look at closely, how many to find,
--   query (JSON: status (set), taskId, queue, tag, workflowId, from, to)
-- Returns: { views (JSON) found..., the last one the next number below which to look or '0' at the end, how many were looked at }
-- @include queries
local many, limit = tonumber(ARGV[4]), tonumber(ARGV[5])
local query = cjson.decode(ARGV[6])
local below = tonumber(ARGV[3]) or (context.created + 1)
local found, looked, effort, over = {}, 0, 0, false
-- Ids read at once: more, the longer it takes to find what is asked for, and few where their states are large, or where there
-- are many workers of which each may run one.
local MAX_STEP = math.min(500, runSearch.most())
local step, MIN_STEP = math.min(50, MAX_STEP), math.min(16, MAX_STEP)
-- Bytes of what was read, and those of which more are not read at once; bytes that cost as much as one closer look.
local read, MAX_READ, BYTES_PER_LOOK = 0, 1048576, 4096
-- Looks at runs of workers that cost as much as one closer look, and rows that are read together.
local LOOKS_PER_LOOK, ROWS_AT_ONCE = 8, math.min(8, runSearch.most())
-- Bytes of views after which the reply ends.
local size, MAX_SIZE = 0, 524288
-- Where a record says of which task it is, and of which queue.
local TASK = '^%d+|%d+|%-?%d+|[^|]*|([^|]*)|([^|]*)|'
-- What one costs that need not be looked at closely.
local PASSING = (query.taskId or query.queue) and 0.2 or 0.05

local function matches(row)
  return (not query.status or query.status[inspect.status(row)])
    and (not query.taskId or row.task == query.taskId)
    and (not query.queue or row.queue == query.queue)
    and (not query.workflowId or row.workflowId == query.workflowId)
    and (not query.to or row.createdAt < query.to)
end

local function hasTag(row)
  if not query.tag then
    return true
  end
  for _, tag in ipairs(row.tags or {}) do
    if tag == query.tag then
      return true
    end
  end
  return false
end

-- Whether an execution was created then or later; false where it is gone.
local function isSince(id, time)
  local record = call('HGET', keys.static, id)
  return record and tonumber(string.match(record, '^%d+|(%d+)')) >= time
end

-- Whether a state as MessagePack may be of a status asked for. It says PENDING by saying nothing.
local function mayBeOf(state, status)
  if status.PENDING then
    return true
  end
  for name in pairs(status) do
    if fields.mayHave(state, 'status', name) then
      return true
    end
  end
  return false
end

-- Marks those whose state alone tells that they are not of the status asked for: most, where few are.
local function passByStatus(ids, passed)
  local status, stateless, runs = query.status, {}, {}
  for i, state in ipairs(readAll('HMGET', keys.state, ids)) do
    read = read + (state and #state or 0)
    if not state then
      stateless[#stateless + 1] = ids[i]
    elseif records.isCompleted(state) then
      passed[ids[i]] = not status.COMPLETED
    else
      passed[ids[i]] = not mayBeOf(state, status)
    end
  end
  if #stateless == 0 or (status.PENDING and status.RUNNING) then
    return
  end
  if status.PENDING or status.RUNNING then
    runSearch.each(stateless, function(i, workerId)
      runs[i] = not inspect.isWaiting(workerId, stateless[i])
    end)
  end
  for i, id in ipairs(stateless) do
    passed[id] = not status[runs[i] and 'RUNNING' or 'PENDING']
  end
end

-- Those of `ids` (oldest first) that need no closer look; nil: each needs it, since the time asked for may begin here.
local function passedOver(ids)
  if query.from and not isSince(ids[1], query.from) then
    return nil
  end
  local passed = {}
  if query.status then
    passByStatus(ids, passed)
  end
  if query.taskId or query.queue then
    for _, id in ipairs(ids) do
      if not passed[id] then
        local record = call('HGET', keys.static, id) or ''
        read = read + #record
        local task, queue_ = string.match(record, TASK)
        passed[id] = (query.taskId and task ~= query.taskId) or (query.queue and queue_ ~= query.queue) or false
      end
    end
  end
  return passed
end

-- Reads the rows of the next ones, newest first, that are looked at closely.
local function fetchRows(ids, from, passed)
  local some = {}
  for i = from, math.max(1, from - ROWS_AT_ONCE + 1), -1 do
    some[#some + 1] = not (passed and passed[ids[i]]) and #some < limit - #found and ids[i] or nil
  end
  rows.fetch(some)
end

-- Looks at one; returns false where the page is full, enough is done, or the time asked for is past.
local function examine(id, n, passed)
  local isPassed = passed and passed[id]
  looked = looked + 1
  below = n
  effort = effort + (isPassed and PASSING or 1)
  local row = not isPassed and rows.get(id)
  if row then
    if query.from and row.createdAt < query.from then
      over = true
      return false
    end
    if matches(row) and hasTag(row) then
      found[#found + 1] = cjson.encode(inspect.view(row))
      size = size + #found[#found]
    end
    effort = effort + #row.record / BYTES_PER_LOOK
  end
  return #found < limit and effort < many and size < MAX_SIZE
end

-- Whether enough is done, with the search for runs, which is for several executions at a time.
local function isTired()
  return effort + runSearch.looks / LOOKS_PER_LOOK >= many
end

local goes = true
while goes and below - 1 > context.idsRemoved do
  local last = below - 1 - context.idsRemoved - 1
  local first = math.max(0, last - step + 1)
  local ids = call('LRANGE', keys.all, first, last)
  if #ids == 0 then
    break
  end
  local before = read
  local passed = passedOver(ids)
  effort = effort + (read - before) / BYTES_PER_LOOK
  step = read - before > MAX_READ and MIN_STEP or math.min(2 * step, MAX_STEP)
  for i = #ids, 1, -1 do
    if (#ids - i) % ROWS_AT_ONCE == 0 then
      goes = i == #ids or not isTired()
      if not goes then
        break
      end
      fetchRows(ids, i, passed)
    end
    goes = examine(ids[i], context.idsRemoved + first + i, passed)
    if not goes then
      break
    end
  end
  goes = goes and not isTired()
end
while goes do
  local old = call('ZREVRANGEBYSCORE', keys.old, '(' .. below, '-inf', 'WITHSCORES', 'LIMIT', 0, 100)
  if #old == 0 then
    over = true
    break
  end
  for i = 1, #old, 2 do
    goes = examine(old[i], tonumber(old[i + 1])) and not isTired()
    if not goes then
      break
    end
  end
end
if not over and below - 1 <= context.idsRemoved then
  over = call('ZCOUNT', keys.old, '-inf', '(' .. below) == 0
end
found[#found + 1] = over and '0' or tostring(below)
found[#found + 1] = tostring(looked)
return found
