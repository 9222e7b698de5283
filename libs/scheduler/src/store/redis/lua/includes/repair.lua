-- Workflows of which the state cannot be read: it is counted anew from their executions. Whether any of these is needed from
-- outside is lost.
local repair = {}

-- Bytes of states that are read for one workflow.
local MAX_BYTES = 4194304

local unreadable

function repair.begin()
  unreadable = {}
end

local function statusOf(id, state)
  if state then
    return fields.statusOf(state)
  end
  return call('HEXISTS', keys.static, id) == 1 and 'PENDING' or nil
end

-- How it stands; false where its executions are too large to read.
function repair.count(id, text)
  local ids, found = workflow.record(id).ids, { id = id, completedAt = 0, open = 0, failed = 0, cancelled = 0 }
  local done = readSome(ids, MAX_BYTES, function(part)
    local bytes = 0
    for i, state in ipairs(readAll('HMGET', keys.state, part)) do
      local status = statusOf(part[i], state)
      found.open = found.open + (status and not fields.TERMINAL[status] and 1 or 0)
      found.failed = found.failed + (status == 'FAILED' and 1 or 0)
      found.cancelled = found.cancelled + (status == 'CANCELLED' and 1 or 0)
      bytes = bytes + (state and #state or 0)
    end
    return bytes
  end)
  found.size, found.pins, found.entry, found.bytes = #ids, 0, 0, 0
  found.status, found.isRepaired = 'RUNNING', true
  unreadable[id] = text
  return done == #ids and found
end

-- Counts what was unreadable. One that has ended enters history anew: its entry there names another number.
function repair.save()
  for id, text in pairs(unreadable) do
    aside.put('workflow', id, 'its state is unreadable', { text })
    local found = workflow.get(id)
    if found then
      found.dirty = true
      if found.open == 0 then
        engine.workflow.close(tables, found)
      end
    else
      workflow.forget({ id })
    end
  end
  unreadable = {}
end
