-- Counts the runs of queues that have got their first limits, and, where runs were set aside, anew those of all queues with
-- limits: some queues at a time, in bounded steps. Until it is counted, nothing is claimed from a queue with a limit of runs, so
-- that the limit holds; see engine.queue.hasRoom.
-- A run that begins meanwhile has a higher number than all before, and counts when it begins. One that ends meanwhile is
-- subtracted only if it was counted, see runCounts.has.
-- Stored in `keys.meta`: newest claim before it|cursor among workers|1 where all are listed|cursor among the runs of a worker
local runCounts = {}

-- Queues counted at a time; runs that one step examines, and those and the workers that are listed at a time. A step also ends
-- by the bytes of the records that it reads.
local QUEUES_AT_ONCE, RUNS_PER_STEP, LISTED_AT_ONCE = 100, 500, 50

-- The count under way: { newest, workers, areListed, runs }, false for none; nil: not known yet.
local known

function runCounts.begin()
  known = nil
end

local function underWay()
  if known == nil then
    local text = call('HGET', keys.meta, 'counting') or ''
    local newest, workers, areListed, runs = string.match(text, '^(%d+)|(%d+)|(%d)|(%d+)$')
    known = newest and { newest = tonumber(newest), workers = workers, areListed = areListed == '1', runs = runs }
  end
  return known
end

-- Lets the runs of a queue be counted: what is known of them does not count any more.
function runCounts.add(queue)
  call('SADD', keys.uncounted, queue.name)
end

function runCounts.remove(queue)
  call('SREM', keys.uncounted, queue.name)
  call('SREM', keys.counting, queue.name)
end

-- Whether a run of a queue that is being counted is among those counted so far.
function runCounts.has(row)
  local count = underWay()
  return count and (row.claimNumber > count.newest or call('SISMEMBER', keys.countedRuns, row.id) == 1)
end

-- Begins a count of the next queues. Returns it, or nil where none is left.
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

-- Counts some runs of a worker: those of the queues named, a set. Returns whether it has examined all, and bytes read.
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

-- Examines the next runs. Returns how many, and bytes read.
local function examineNext(count, workerId, names, bytes)
  local page = call('HSCAN', keys.running(workerId), count.runs, 'COUNT', LISTED_AT_ONCE)
  local isDone, read = examine(count, page[2], names, bytes)
  -- A page of which the rest is too large is listed again: what is examined is known.
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

-- Goes on with the count under way, or with the next. The first of a verb that changes runs. Returns whether there is more.
function runCounts.step()
  local count = underWay() or start()
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
