-- Executions that met workers without a handler, see UnhandledTable in engine/tables.ts: a sorted set for each task and
-- level, and, in the same order, one for each queue, task and level. An earlier release uses the former only: what it adds
-- there is found by its number, and what it removes from there is dropped when it is read.
local unhandledTable = {}
tables.unhandled = unhandledTable

-- Executions of each task and level that one verb adds to the lists of their queues, and their bytes; tasks that it
-- examines for that.
local INDEX_PER_STEP, INDEX_BYTES, INDEX_TASKS = 100, 65536, 20

-- Tasks with such executions that this verb's worker can run; tasks by level and queue; names already written by this verb;
-- levels already examined for entries of an earlier release, and the index of the task to begin with.
local runnable, lists, written, indexed, firstIndexed

function unhandledTable.begin()
  runnable, lists, written, indexed, firstIndexed = nil, {}, {}, {}, nil
end

function unhandledTable:has(row)
  return row.location == 'unhandled'
end

-- There may be many such tasks that no worker can run: they are not examined one by one.
local function tasksFor(worker)
  runnable = runnable or call('ZINTER', 2, keys.unhandledTasks, keys.worker(worker.id), 'WEIGHTS', 1, 0)
  return runnable
end

-- Names of a queue's lists whose tasks the worker can run, in order: found from the lists or from the tasks, whichever are
-- fewer.
local function namesFor(worker, queueName)
  local key, taskIds, found = keys.unhandledLists(queueName), tasksFor(worker), {}
  if call('ZCARD', key) <= 5 * #taskIds then
    local isRunnable = {}
    for _, task in ipairs(taskIds) do
      isRunnable[task] = true
    end
    for _, name in ipairs(call('ZRANGE', key, 0, -1)) do
      found[#found + 1] = isRunnable[string.sub(name, 3)] and name or nil
    end
    return found
  end
  local names, numbers = {}, {}
  for _, task in ipairs(taskIds) do
    for level = 0, 4 do
      names[#names + 1] = level .. '|' .. task
    end
  end
  for i, number in ipairs(readAll('ZMSCORE', key, names)) do
    if number then
      found[#found + 1], numbers[names[i]] = names[i], tonumber(number)
    end
  end
  table.sort(found, function(a, b)
    return numbers[a] < numbers[b]
  end)
  return found
end

-- Tasks that the worker can run and that have executions in lists of the queue, by level, in order.
local function listsFor(worker, queueName)
  local levels = lists[queueName]
  if not levels then
    levels = { {}, {}, {}, {}, {} }
    lists[queueName] = levels
    for _, name in ipairs(namesFor(worker, queueName)) do
      table.insert(levels[tonumber(string.sub(name, 1, 1)) + 1], string.sub(name, 3))
    end
  end
  return levels
end

local function keyOf(queueName, name)
  return keys.unhandledOf(#queueName, queueName, name)
end

local function nameOf(row)
  return row.level .. '|' .. row.task
end

-- Adds an execution to the list of its queue.
local function index(row, number)
  local name = nameOf(row)
  local key = keyOf(row.queue, name)
  call('ZADD', key, 'NX', number, row.id)
  if not written[key] then
    written[key], lists[row.queue] = true, nil
    call('ZADD', keys.unhandledLists(row.queue), 'NX', number, name)
  end
end

-- Whether all executions of that task and level are in the lists of their queues.
local function areAllIndexed(name, key)
  local newest = call('ZREVRANGE', key, 0, 0, 'WITHSCORES')[2]
  return not newest or tonumber(newest) <= (tonumber(call('HGET', keys.unhandledIndexed, name)) or 0)
end

function unhandledTable:add(row)
  local name, key, number = nameOf(row), keys.unhandled(row.task, row.level), context.nextNumber()
  if written[name] == nil then
    written[name] = areAllIndexed(name, key)
    call('ZADD', keys.unhandledTasks, 'NX', context.nextNumber(), row.task)
  end
  row.location = 'unhandled'
  context.count('waitingForHandler', 1)
  call('ZADD', key, number, row.id)
  index(row, number)
  if written[name] then
    call('HSET', keys.unhandledIndexed, name, number)
  end
  rows.touch(row)
end

-- Removes an entry from a list of its queue.
local function drop(queueName, name, id)
  local key = keyOf(queueName, name)
  call('ZREM', key, id)
  if call('EXISTS', key) == 0 then
    call('ZREM', keys.unhandledLists(queueName), name)
    written[key] = nil
  end
end

local function dropTask(task)
  for level = 0, 4 do
    if call('EXISTS', keys.unhandled(task, level)) == 1 then
      return
    end
  end
  call('ZREM', keys.unhandledTasks, task)
  written = {}
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
  context.count('waitingForHandler', -1)
  dropEntry(row)
end

-- Adds executions that an earlier release has stored to the lists of their queues.
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

-- Some tasks at a time, in turn. The next verb adds executions that are too large for this one.
local function indexEarlier(worker, level)
  if indexed[level] then
    return
  end
  indexed[level] = true
  local taskIds = tasksFor(worker)
  if not firstIndexed then
    firstIndexed = #taskIds > INDEX_TASKS and call('HINCRBY', keys.meta, 'unhandledTurn', INDEX_TASKS) or 0
  end
  for i = 1, math.min(#taskIds, INDEX_TASKS) do
    if rows.bytes <= STEP_BYTES then
      indexNext(taskIds[(firstIndexed + i) % #taskIds + 1], level)
    end
  end
end

function unhandledTable:hasFor(worker, queue)
  if #tasksFor(worker) == 0 then
    return false
  end
  for level = 0, 4 do
    indexEarlier(worker, level)
  end
  for _, taskIds in ipairs(listsFor(worker, queue.name)) do
    if #taskIds > 0 then
      return true
    end
  end
  return false
end

function unhandledTable:each(worker, queue, level, visit)
  if #tasksFor(worker) == 0 then
    return
  end
  indexEarlier(worker, level)
  for _, task in ipairs(listsFor(worker, queue.name)[level + 1]) do
    local key = keyOf(queue.name, level .. '|' .. task)
    for _, id in ipairs(call('ZRANGE', key, 0, 4 * limits.CLAIM_PER_STEP)) do
      local bytesBefore = rows.bytes
      local row = rows.get(id, true)
      budget.addRows(rows.bytes - bytesBefore)
      if not row or row.location ~= 'unhandled' then
        dropEntry({ id = id, task = task, level = level, queue = queue.name })
      elseif not visit(row) then
        return
      end
    end
  end
end

-- The ids of a queue by level and list; nil if there are none.
function unhandledTable.dump(queueName)
  local levels, isAny = { {}, {}, {}, {}, {} }, false
  for _, name in ipairs(call('ZRANGE', keys.unhandledLists(queueName), 0, -1)) do
    local level = levels[tonumber(string.sub(name, 1, 1)) + 1]
    for _, id in ipairs(call('ZRANGE', keyOf(queueName, name), 0, -1)) do
      level[#level + 1], isAny = id, true
    end
  end
  return isAny and levels or nil
end
