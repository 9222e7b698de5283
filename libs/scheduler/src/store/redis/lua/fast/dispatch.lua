-- Direct dispatch: does what engine.claim does when it starts simple executions, if no ready execution comes before them.
local dispatch = {}

-- How long a worker counts as idle after its last request: it polls every second, unless its event loop is blocked.
local IDLE_MS = 2000

-- Gives a few simple executions to an idle worker without runs: no handler can be blocking its process. The message is sent
-- first: the runs start only if a subscriber received it. Returns the worker's id, or false.
function dispatch.toIdleWorker(groups, ids, idsAndRecords)
  local count = #ids
  if count > 16 or context.hasLimits then
    return false
  end
  local idle = call('HGETALL', keys.idle)
  for i = 1, #idle, 2 do
    local workerId = idle[i]
    local slots, since = string.match(idle[i + 1], '^(%d+)|(%d+)$')
    slots = tonumber(slots)
    local isIdle = slots >= count and context.steady - tonumber(since) <= IDLE_MS
    isIdle = isIdle and call('HLEN', keys.running(workerId)) == 1
    local packed = isIdle and call('HGET', keys.workers, workerId)
    local worker = packed and cmsgpack.unpack(packed)
    if worker and not worker.draining and #worker.queues == 1 then
      local name = worker.queues[1]
      local lists, isSuitable = {}, call('HGET', keys.queues, name) == ''
      for _, group in ipairs(groups) do
        isSuitable = isSuitable and group[1] == name and call('SISMEMBER', keys.worker(workerId), group[3]) == 1
        for level = 0, group[2] do
          lists[level + 1] = keys.ready(name, level)
        end
      end
      if isSuitable and callAll('EXISTS', keys.unhandledTasks, lists) == 0 then
        local claimNumber = context.nextNumber()
        local message = { now, claimNumber }
        for k = 1, count do
          message[#message + 1] = ids[k]
          message[#message + 1] = idsAndRecords[2 * k]
        end
        if call(context.publish, keys.dispatchChannel(workerId), table.concat(message, '\n')) > 0 then
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
          return workerId
        end
        call('HDEL', keys.idle, workerId)
      end
    end
  end
  return false
end
