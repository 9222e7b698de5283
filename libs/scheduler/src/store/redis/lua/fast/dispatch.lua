-- Dispatch to waiting workers without a claim: the start of a run (engine.claim) of simple executions of which nothing is
-- ready that comes before.
local dispatch = {}

-- For how long a worker counts as waiting: it asks again every second, unless its event loop is blocked.
local IDLE_MS = 2000

-- Gives a few simple executions to a worker that waits with nothing to do: none of its handlers can block its process.
-- Returns whether it was done: the message went first, and somebody heard it.
function dispatch.give(groups, ids, pairs_)
  local count = #ids
  if count > 16 or context.hasLimits then
    return false
  end
  local idle = call('HGETALL', keys.idle)
  for i = 1, #idle, 2 do
    local workerId = idle[i]
    local slots, since = string.match(idle[i + 1], '^(%d+)|(%d+)$')
    slots = tonumber(slots)
    local mayTake = slots >= count and context.steady - tonumber(since) <= IDLE_MS
    mayTake = mayTake and call('HLEN', keys.running(workerId)) == 1
    local record = mayTake and call('HGET', keys.workers, workerId)
    local found = record and cmsgpack.unpack(record)
    if found and not found.draining and #found.queues == 1 then
      local name = found.queues[1]
      local lists, fits = {}, call('HGET', keys.queues, name) == ''
      for _, group in ipairs(groups) do
        fits = fits and group[1] == name and call('SISMEMBER', keys.worker(workerId), group[3]) == 1
        for level = 0, group[2] do
          lists[level + 1] = keys.ready(name, level)
        end
      end
      if fits and callAll('EXISTS', keys.unhandledTasks, lists) == 0 then
        local no = context.nextNumber()
        local message = { now, no }
        for k = 1, count do
          message[#message + 1] = ids[k]
          message[#message + 1] = pairs_[2 * k]
        end
        if call(context.publish, keys.dispatchChannel(workerId), table.concat(message, '\n')) > 0 then
          local runs, waits = {}, {}
          for k = 1, count do
            runs[2 * k - 1], runs[2 * k] = ids[k], records.runEntry(true, no)
            waits[2 * k - 1], waits[2 * k] = ids[k], workerId .. '|' .. context.steady
          end
          callAll('HSET', keys.running(workerId), runs)
          callAll('HSET', keys.dispatched, waits)
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
