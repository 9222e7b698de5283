-- Counts the runs of queues with new limits, and those of all queues with limits after runs were set aside: some queues at
-- a time, in bounded steps. Until a queue is counted, nothing is claimed from it if it limits runs; see
-- engine.queue.hasRoom.
-- A run that starts meanwhile has a higher claim number, and counts at its start. One that ends meanwhile is subtracted
-- only if it was counted, see runCounts.has.
-- Stored in `keys.meta`: newest claim before the count|cursor among workers|1 if all are listed|cursor among the runs of a
-- worker
local runCounts = {}

-- Queues per count; runs per step, and runs or workers per page. The bytes of the records bound a step too.
local QUEUES_AT_ONCE, RUNS_PER_STEP, LISTED_AT_ONCE = 100, 500, 50

-- The current count: { newest, workers, areListed, runs }; false for none; nil if not read yet.
local known

function runCounts.begin()
  known = nil
end

local function current()
  if known == nil then
    local text = call('HGET', keys.meta, 'counting') or ''
    local newest, workers, areListed, runs = string.match(text, '^(%d+)|(%d+)|(%d)|(%d+)$')
    known = newest and { newest = tonumber(newest), workers = workers, areListed = areListed == '1', runs = runs }
  end
  return known
end

-- Has the runs of a queue counted from zero.
function runCounts.add(queue)
  call('SADD', keys.uncounted, queue.name)
end

function runCounts.remove(queue)
  call('SREM', keys.uncounted, queue.name)
  call('SREM', keys.counting, queue.name)
end

-- Whether the current count has counted a run.
function runCounts.has(row)
  local count = current()
  return count and (row.claimNumber > count.newest or call('SISMEMBER', keys.countedRuns, row.id) == 1)
end

-- Starts a count of the next queues. Returns it, or nil if none remains.
local function start()
  local isAny = false
  for _, name in ipairs(call('SPOP', keys.uncounted, QUEUES_AT_ONCE)) do
    local queue = queueTable.find(name)
    if engine.queue.isLimited(queue) then
      queue.isCounting, queue.running = true, 0
      queueTable:touch(queue)
      call('SADD', keys.counting, name)
      isAny = true
    end
  end
  known = isAny and { newest = context.sequence, workers = '0', areListed = false, runs = '0' }
  return known
end

-- Counts some runs of a worker that belong to the queues in `names` (a set). Returns whether all were examined, and the
-- bytes read.
local function examine(count, entries, names, bytes)
  local ids, rest = {}, {}
  for i = 1, #entries, 2 do
    local number = string.match(entries[i + 1], '^%a%d+|(%d+)$')
    if number and tonumber(number) <= count.newest then
      ids[#ids + 1] = entries[i]
    end
  end
  for i, isExamined in ipairs(readAll('SMISMEMBER', keys.countedRuns, ids)) do
    if isExamined == 0 then
      rest[#rest + 1] = ids[i]
    end
  end
  local done, read = readSome(rest, bytes, function(part)
    local size = 0
    for _, record in ipairs(readAll('HMGET', keys.static, part)) do
      local name = record and records.fieldAt(record, records.skip(record, 1, 5))
      local queue = name and names[name] and queueTable.find(name)
      if queue and queue.isCounting then
        queue.running = queue.running + 1
        queueTable:touch(queue)
      end
      size = size + (record and #record or 0)
    end
    callAll('SADD', keys.countedRuns, part)
    return size
  end)
  return done == #rest, read
end

local function finish(names)
  for name in pairs(names) do
    local queue = queueTable.find(name)
    if queue.isCounting then
      queue.isCounting = nil
      queueTable:touch(queue)
      effects.wake(name)
    end
  end
  call('UNLINK', keys.counting, keys.countedRuns, keys.countedWorkers)
  call('HDEL', keys.meta, 'counting')
  known = false
end

-- Examines the next runs. Returns their number, and the bytes read.
local function examineNext(count, workerId, names, bytes)
  local page = call('HSCAN', keys.running(workerId), count.runs, 'COUNT', LISTED_AT_ONCE)
  local isDone, read = examine(count, page[2], names, bytes)
  -- If the rest of the page is too large, the page is read again: examined runs are in `countedRuns`.
  count.runs = isDone and page[1] or count.runs
  if isDone and page[1] == '0' then
    call('LPOP', keys.countedWorkers)
  end
  return #page[2] / 2, read
end

local function listWorkers(count)
  local page, ids = call('ZSCAN', keys.leases, count.workers, 'COUNT', LISTED_AT_ONCE), {}
  for i = 1, #page[2], 2 do
    ids[#ids + 1] = page[2][i]
  end
  callAll('RPUSH', keys.countedWorkers, ids)
  count.workers, count.areListed = page[1], page[1] == '0'
end

-- Continues the current count, or starts the next. A verb calls it before it changes runs. Returns whether it must
-- continue.
function runCounts.step()
  local count = current() or start()
  if not count then
    return call('EXISTS', keys.uncounted) == 1
  end
  local names = {}
  for _, name in ipairs(call('SMEMBERS', keys.counting)) do
    names[name] = true
  end
  local left, bytes = RUNS_PER_STEP, STEP_BYTES
  while left > 0 and bytes > 0 do
    local workerId = call('LINDEX', keys.countedWorkers, 0)
    if workerId then
      local examined, read = examineNext(count, workerId, names, bytes)
      left, bytes = left - math.max(examined, 1), bytes - read
    elseif count.areListed then
      finish(names)
      return call('EXISTS', keys.uncounted) == 1
    else
      listWorkers(count)
      left = left - LISTED_AT_ONCE
    end
  end
  local areListed = count.areListed and 1 or 0
  local text = string.format('%.0f|%s|%d|%s', count.newest, count.workers, areListed, count.runs)
  call('HSET', keys.meta, 'counting', text)
  return true
end
