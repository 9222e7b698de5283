-- Executions that met workers without a handler, see UnhandledTable in engine/tables.ts: a sorted set for each task and
-- level, and, in the same order, one for each queue, task and level. A release before this one has the former only: what it
-- adds there is found by its number, and what it removes from there is dropped when it is met.
local unhandledTable = {}
tables.unhandled = unhandledTable

-- Executions that one verb enters in the lists of their queues, for each task of one level, and their bytes.
local INDEX_PER_STEP, INDEX_BYTES = 100, 65536

-- Tasks with such executions; names of lists (level|task) by queue; what this verb has written already; levels of which
-- earlier entries were looked for.
local waiting, lists, written, indexed

function unhandledTable.begin()
  waiting, lists, written, indexed = nil, {}, {}, {}
end

function unhandledTable:has(row)
  return row.location == 'unhandled'
end

local function tasksWaiting()
  waiting = waiting or call('ZRANGE', keys.unhandledTasks, 0, -1)
  return waiting
end

local function listsOf(queueName)
  lists[queueName] = lists[queueName] or call('ZRANGE', keys.unhandledLists(queueName), 0, -1)
  return lists[queueName]
end

local function keyOf(queueName, name)
  return keys.unhandledOf(#queueName, queueName, name)
end

local function nameOf(row)
  return row.level .. '|' .. row.task
end

-- Enters it in the list of its queue.
local function index(row, number)
  local name = nameOf(row)
  local key = keyOf(row.queue, name)
  call('ZADD', key, 'NX', number, row.id)
  if not written[key] then
    written[key], lists[row.queue] = true, nil
    call('ZADD', keys.unhandledLists(row.queue), 'NX', number, name)
  end
end

-- Whether all of that task and level are in the lists of their queues.
local function areAllIndexed(name, key)
  local newest = call('ZREVRANGE', key, 0, 0, 'WITHSCORES')[2]
  return not newest or tonumber(newest) <= (tonumber(call('HGET', keys.unhandledIndexed, name)) or 0)
end

function unhandledTable:add(row)
  local name, key, number = nameOf(row), keys.unhandled(row.task, row.level), frame.next()
  if written[name] == nil then
    written[name] = areAllIndexed(name, key)
    call('ZADD', keys.unhandledTasks, 'NX', frame.next(), row.task)
    waiting = nil
  end
  row.location = 'unhandled'
  frame.count('waitingForHandler', 1)
  call('ZADD', key, number, row.id)
  index(row, number)
  if written[name] then
    call('HSET', keys.unhandledIndexed, name, number)
  end
  rows.touch(row)
end

-- Takes an entry out of a list of its queue.
local function drop(queueName, name, id)
  local key = keyOf(queueName, name)
  call('ZREM', key, id)
  if call('EXISTS', key) == 0 then
    call('ZREM', keys.unhandledLists(queueName), name)
    lists[queueName], written[key] = nil, nil
  end
end

local function dropTask(task)
  for level = 0, 4 do
    if call('EXISTS', keys.unhandled(task, level)) == 1 then
      return
    end
  end
  call('ZREM', keys.unhandledTasks, task)
  waiting, written = nil, {}
end

-- entry: a row, or { id, task, level, queue }
local function dropEntry(entry)
  local key = keys.unhandled(entry.task, entry.level)
  call('ZREM', key, entry.id)
  drop(entry.queue, nameOf(entry), entry.id)
  if call('EXISTS', key) == 0 then
    call('HDEL', keys.unhandledIndexed, nameOf(entry))
    dropTask(entry.task)
  end
end

function unhandledTable:remove(row)
  frame.count('waitingForHandler', -1)
  dropEntry(row)
end

-- Enters the next executions of a task and level, of a release that knows no lists of queues.
local function indexNext(task, level)
  local key, name = keys.unhandled(task, level), level .. '|' .. task
  local from = call('HGET', keys.unhandledIndexed, name)
  local found =
    call('ZRANGEBYSCORE', key, from and '(' .. from or '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, INDEX_PER_STEP)
  local ids = {}
  for i = 1, #found, 2 do
    ids[#ids + 1] = found[i]
  end
  rows.fetchWithin(ids, rows.bytes + INDEX_BYTES)
  for i, id in ipairs(ids) do
    local row = rows.cache[id]
    if row == nil then
      break
    elseif row then
      index(row, found[2 * i])
    else
      call('ZREM', key, id)
    end
    call('HSET', keys.unhandledIndexed, name, found[2 * i])
  end
end

local function indexEarlier(worker_, level)
  if not indexed[level] then
    indexed[level] = true
    for _, task in ipairs(tasksWaiting()) do
      -- Those that are too large for this verb are entered by the next one.
      if rows.bytes <= STEP_BYTES and workerTable.hasHandler(worker_, task) then
        indexNext(task, level)
      end
    end
  end
end

function unhandledTable:hasFor(worker_, queue)
  for level = 0, #tasksWaiting() > 0 and 4 or -1 do
    indexEarlier(worker_, level)
  end
  for _, name in ipairs(#tasksWaiting() > 0 and listsOf(queue.name) or {}) do
    if workerTable.hasHandler(worker_, string.sub(name, 3)) then
      return true
    end
  end
  return false
end

function unhandledTable:each(worker_, queue, level, visit)
  if #tasksWaiting() == 0 then
    return
  end
  indexEarlier(worker_, level)
  for _, name in ipairs(listsOf(queue.name)) do
    local task = string.sub(name, 3)
    if string.sub(name, 1, 1) == tostring(level) and workerTable.hasHandler(worker_, task) then
      for _, id in ipairs(call('ZRANGE', keyOf(queue.name, name), 0, 4 * limits.CLAIM_PER_STEP)) do
        local before = rows.bytes
        local row = rows.get(id, true)
        budget.addRows(rows.bytes - before)
        if not row or row.location ~= 'unhandled' then
          dropEntry({ id = id, task = task, level = level, queue = queue.name })
        elseif not visit(row) then
          return
        end
      end
    end
  end
end

-- The ids of a queue, by level and list; nil where there are none.
function unhandledTable.dump(queueName)
  local levels, isAny = { {}, {}, {}, {}, {} }, false
  for _, name in ipairs(listsOf(queueName)) do
    local level = levels[tonumber(string.sub(name, 1, 1)) + 1]
    for _, id in ipairs(call('ZRANGE', keyOf(queueName, name), 0, -1)) do
      level[#level + 1], isAny = id, true
    end
  end
  return isAny and levels or nil
end
