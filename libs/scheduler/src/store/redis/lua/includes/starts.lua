-- Workflows that begin, see workflows.lua.
local starts = {}
local nowText

function starts.begin()
  starts.count, starts.records, starts.orders, starts.states = 0, {}, {}, {}
  nowText = string.format('%d', now)
end

-- A new one; `packed`: what its record has from its ids on, `size`: how many executions, as text. Texts throughout: a
-- number that goes to the server costs more than the rest of it. Those made together are written together, by starts.save.
function starts.add(id, packed, size)
  local order = string.format('%d', frame.next())
  local n = starts.count
  starts.count = n + 2
  starts.records[n + 1], starts.records[n + 2] = id, order .. '|' .. nowText .. '|' .. packed
  starts.orders[n + 1], starts.orders[n + 2] = order, id
  starts.states[n + 1], starts.states[n + 2] = id, 'RUNNING|0|' .. size .. '|0|0|' .. size .. '|0|0|0'
  workflow.cache[id] = nil
end

function starts.save()
  callAll('HSET', keys.workflows, starts.records)
  callAll('ZADD', keys.workflowOrder, starts.orders)
  callAll('HSET', keys.workflowStates, starts.states)
end
