#!lua flags=no-writes
-- A page of executions, newest first, below a number.
-- ARGV: context, operation (none), number below which to search | '', maximum effort (rows), maximum matches, query (JSON:
--   status (set), taskId, queue, tag, workflowId, from, to)
-- Returns: { views (JSON)..., next number below which to search or '0' at the end, number of examined executions }
-- @include queries
local maxEffort, limit = tonumber(ARGV[4]), tonumber(ARGV[5])
local query = cjson.decode(ARGV[6])
local below = tonumber(ARGV[3]) or (context.created + 1)
local found, examined, effort, isEnd = {}, 0, 0, false
-- Ids per step: grows while matches are rare, and is small if states are large or if many workers may run one execution.
local MAX_STEP = math.min(500, runSearch.maxExecutions())
local step, MIN_STEP = math.min(50, MAX_STEP), math.min(16, MAX_STEP)
-- Bytes read, their limit per step, and the bytes that cost as much as one row.
local read, MAX_READ, BYTES_PER_ROW = 0, 1048576, 4096
-- Lookups in the runs of workers that cost as much as one row, and rows that are read together.
local LOOKUPS_PER_ROW, ROWS_AT_ONCE = 8, math.min(8, runSearch.maxExecutions())
-- Bytes of views after which the page ends.
local size, MAX_SIZE = 0, 524288
-- Task and queue of a record.
local TASK = '^%d+|%d+|%-?%d+|[^|]*|([^|]*)|([^|]*)|'
-- Effort for an execution that is filtered out without its row.
local FILTERED_EFFORT = (query.taskId or query.queue) and 0.2 or 0.05

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

-- Whether an execution was created at or after `time`; false if it does not exist.
local function isSince(id, time)
  local record = call('HGET', keys.static, id)
  return record and tonumber(string.match(record, '^%d+|(%d+)')) >= time
end

-- Whether a state in MessagePack may have one of these statuses. PENDING is the default, and is not stored.
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

-- Excludes executions by their states alone. If few match, this excludes most.
local function excludeByStatus(ids, excluded)
  local status, stateless, runs = query.status, {}, {}
  for i, state in ipairs(readAll('HMGET', keys.state, ids)) do
    read = read + (state and #state or 0)
    if not state then
      stateless[#stateless + 1] = ids[i]
    elseif records.isCompleted(state) then
      excluded[ids[i]] = not status.COMPLETED
    else
      excluded[ids[i]] = not mayBeOf(state, status)
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
    excluded[id] = not status[runs[i] and 'RUNNING' or 'PENDING']
  end
end

-- The set of `ids` (oldest first) that cannot match; nil if each row must be read, since `query.from` may lie within them.
local function excludedOf(ids)
  if query.from and not isSince(ids[1], query.from) then
    return nil
  end
  local excluded = {}
  if query.status then
    excludeByStatus(ids, excluded)
  end
  if query.taskId or query.queue then
    for _, id in ipairs(ids) do
      if not excluded[id] then
        local record = call('HGET', keys.static, id) or ''
        read = read + #record
        local task, queue_ = string.match(record, TASK)
        excluded[id] = (query.taskId and task ~= query.taskId) or (query.queue and queue_ ~= query.queue) or false
      end
    end
  end
  return excluded
end

-- Reads the next rows to examine, newest first.
local function fetchRows(ids, from, excluded)
  local some = {}
  for i = from, math.max(1, from - ROWS_AT_ONCE + 1), -1 do
    some[#some + 1] = not (excluded and excluded[ids[i]]) and #some < limit - #found and ids[i] or nil
  end
  rows.fetch(some)
end

-- Examines one execution. Returns false if the page is full, the budget is used, or `query.from` is passed.
local function examine(id, number, excluded)
  local isExcluded = excluded and excluded[id]
  examined = examined + 1
  below = number
  effort = effort + (isExcluded and FILTERED_EFFORT or 1)
  local row = not isExcluded and rows.get(id)
  if row then
    if query.from and row.createdAt < query.from then
      isEnd = true
      return false
    end
    if matches(row) and hasTag(row) then
      found[#found + 1] = cjson.encode(inspect.view(row))
      size = size + #found[#found]
    end
    effort = effort + #row.record / BYTES_PER_ROW
  end
  return #found < limit and effort < maxEffort and size < MAX_SIZE
end

-- The search for runs, done for several executions at a time, counts too.
local function isOverBudget()
  return effort + runSearch.lookups / LOOKUPS_PER_ROW >= maxEffort
end

local continues = true
while continues and below - 1 > context.idsRemoved do
  local last = below - 1 - context.idsRemoved - 1
  local first = math.max(0, last - step + 1)
  local ids = call('LRANGE', keys.all, first, last)
  if #ids == 0 then
    break
  end
  local before = read
  local excluded = excludedOf(ids)
  effort = effort + (read - before) / BYTES_PER_ROW
  step = read - before > MAX_READ and MIN_STEP or math.min(2 * step, MAX_STEP)
  for i = #ids, 1, -1 do
    if (#ids - i) % ROWS_AT_ONCE == 0 then
      continues = i == #ids or not isOverBudget()
      if not continues then
        break
      end
      fetchRows(ids, i, excluded)
    end
    continues = examine(ids[i], context.idsRemoved + first + i, excluded)
    if not continues then
      break
    end
  end
  continues = continues and not isOverBudget()
end
while continues do
  local old = call('ZREVRANGEBYSCORE', keys.old, '(' .. below, '-inf', 'WITHSCORES', 'LIMIT', 0, 100)
  if #old == 0 then
    isEnd = true
    break
  end
  for i = 1, #old, 2 do
    continues = examine(old[i], tonumber(old[i + 1])) and not isOverBudget()
    if not continues then
      break
    end
  end
end
if not isEnd and below - 1 <= context.idsRemoved then
  isEnd = call('ZCOUNT', keys.old, '-inf', '(' .. below) == 0
end
found[#found + 1] = isEnd and '0' or tostring(below)
found[#found + 1] = tostring(examined)
return found
