-- Direct dispatch: does what engine.claim does when it starts simple executions, if no ready execution comes before them.
-- @include workerRecords
local dispatch = {}

-- How long a worker counts as idle after its last request: it polls every second, unless its event loop is blocked.
local IDLE_MS = 2000
-- Executions of one dispatch.
local AT_MOST = 16

-- Whether no execution is ready that a worker would claim before these, all of one queue.
local function areFirst(groups)
  local lowest = 0
  for _, group in ipairs(groups) do
    lowest = math.max(lowest, group[2])
  end
  return callAll('EXISTS', keys.unhandledTasks, keys.readyLists(groups[1][1]), 1, lowest + 1) == 0
end

local function hasHandlers(workerId, groups)
  for _, group in ipairs(groups) do
    if call('SISMEMBER', keys.worker(workerId), group[3]) == 0 then
      return false
    end
  end
  return true
end

-- Starts these executions on an idle worker without runs: no handler can be blocking its process. The worker of the caller gets
-- them with the reply; another one with a message, which is sent first: the runs start only if a subscriber received it.
-- idle: how many slots are free, and since when. Returns the claim number, or nil.
local function toWorker(workerId, idle, ownWorker, groups, ids, idsAndRecords)
  local count = #ids
  local slots, since = string.match(idle, '^(%d+)|(%d+)$')
  slots = tonumber(slots)
  local isIdle = slots >= count and context.steady - tonumber(since) <= IDLE_MS
  isIdle = isIdle and call('HLEN', keys.running(workerId)) == 1
  local record = isIdle and call('HGET', keys.workers, workerId)
  local worker = record and workerRecords.view(record)
  local isSuitable = worker and not worker.draining and #worker.queues == 1 and worker.queues[1] == groups[1][1]
  if not isSuitable or not hasHandlers(workerId, groups) or not areFirst(groups) then
    return nil
  end
  local claimNumber = context.nextNumber()
  if workerId ~= ownWorker then
    local message = { now, claimNumber }
    for k = 1, count do
      message[#message + 1] = ids[k]
      message[#message + 1] = idsAndRecords[2 * k]
    end
    if call(context.publish, keys.dispatchChannel(workerId), table.concat(message, '\n')) == 0 then
      call('HDEL', keys.idle, workerId)
      return nil
    end
  end
  local runs, dispatched = {}, {}
  for k = 1, count do
    runs[2 * k - 1], runs[2 * k] = ids[k], records.runEntry(true, claimNumber)
    dispatched[2 * k - 1], dispatched[2 * k] = ids[k], workerId .. '|' .. context.steady
  end
  callAll('HSET', keys.running(workerId), runs)
  callAll('HSET', keys.dispatched, dispatched)
  if slots > count then
    call('HSET', keys.idle, workerId, slots - count .. '|' .. since)
  else
    call('HDEL', keys.idle, workerId)
  end
  context.count('PENDING', -count)
  context.count('RUNNING', count)
  context.count('started', count)
  return claimNumber
end

-- Gives a few simple executions of one queue to an idle worker, preferably that of the caller ('' for none). queues: what is
-- stored of their queues, by name. Returns the worker's id and the claim number, or false.
function dispatch.toIdleWorker(ownWorker, groups, queues, ids, idsAndRecords)
  if #ids > AT_MOST or context.hasLimits then
    return false
  end
  for _, group in ipairs(groups) do
    if group[1] ~= groups[1][1] or queues[group[1]] ~= '' then
      return false
    end
  end
  local own = ownWorker ~= '' and call('HGET', keys.idle, ownWorker)
  local claimNumber = own and toWorker(ownWorker, own, ownWorker, groups, ids, idsAndRecords)
  if claimNumber then
    return ownWorker, claimNumber
  end
  local idle = call('HGETALL', keys.idle)
  for i = 1, #idle, 2 do
    claimNumber = idle[i] ~= ownWorker and toWorker(idle[i], idle[i + 1], ownWorker, groups, ids, idsAndRecords)
    if claimNumber then
      return idle[i], claimNumber
    end
  end
  return false
end
