-- How a workflow follows its executions, one by one.

-- Executions of an ended workflow that one step lets go.
local NODES_PER_STEP = 100

local LETTER = { COMPLETED = 'C', FAILED = 'F', CANCELLED = 'X', SKIPPED = 'K' }

-- Reads the members with these ids; returns those that are lean and have ended, as a set: they need no row.
local function fetchMembers(ids)
  local unread, rest, ended = {}, {}, {}
  for _, id in ipairs(ids) do
    if rows.cache[id] == nil then
      unread[#unread + 1] = id
    end
  end
  local states = not frame.historyBytes and readAll('HMGET', keys.state, unread) or {}
  for i, id in ipairs(unread) do
    if states[i] and string.byte(states[i]) == 67 then
      ended[id] = true
    else
      rest[#rest + 1] = id
    end
  end
  rows.fetch(rest)
  return ended
end

-- Lets the executions of an ended workflow leave, from the one after `from` on, so many at a time: how each ended is
-- kept. Returns how many are done.
function workflow.letGo(id, from)
  local found = workflow.get(id)
  if not found or found.open > 0 then
    return nil
  end
  local ids = workflow.record(id).ids
  local to = math.min(#ids, from + NODES_PER_STEP)
  local part, letters = {}, {}
  for i = from + 1, to do
    part[#part + 1] = ids[i]
  end
  workflow.leaving = id
  local ended = fetchMembers(part)
  for i, each in ipairs(part) do
    local node = not ended[each] and rows.get(each)
    letters[i] = ended[each] and 'C' or node and LETTER[node.st] or string.sub(found.ends, from + i, from + i)
  end
  found.ends = string.sub(found.ends, 1, from) .. table.concat(letters) .. string.sub(found.ends, to + 1)
  found.dirty = true
  for _, each in ipairs(part) do
    local node = not ended[each] and rows.get(each)
    if ended[each] then
      history.admit(each)
    elseif node then
      history.retire(node)
    end
  end
  workflow.leaving = nil
  return to < #ids and to or nil
end

-- One of its executions has ended. The last one ends the workflow.
function workflow.close(row, status)
  local found = workflow.get(row.wf)
  if not found or found.open <= 0 then
    -- A forgotten one stays forgotten, and one that has ended does not end again.
    return history.retire(row)
  end
  found.dirty = true
  found.open = found.open - 1
  if status == 'FAILED' then
    found.failed = found.failed + 1
  elseif status == 'CANCELLED' then
    found.cancelled = found.cancelled + 1
  end
  if found.open > 0 then
    return
  end
  workflow.finish(found)
  if found.size > NODES_PER_STEP then
    dependency.add({ found.id, 'workflow', 0 })
  else
    workflow.letGo(found.id, 0)
  end
  workflow.trim()
end

-- One of its executions, which had ended as `was`, runs again.
function workflow.open(row, was)
  local found = workflow.get(row.wf)
  if not found then
    return
  end
  -- Read while it still counts as ended: a lean member is in history just as long as that.
  local ids = found.open == 0 and workflow.record(found.id).ids or {}
  rows.fetch(ids)
  found.dirty = true
  if was == 'FAILED' then
    found.failed = found.failed - 1
  elseif was == 'CANCELLED' then
    found.cancelled = found.cancelled - 1
  end
  found.open = found.open + 1
  if found.open > 1 then
    return
  end
  found.status = 'RUNNING'
  found.completed = 0
  call('ZREM', keys.endedWorkflows, found.id)
  for _, id in ipairs(ids) do
    local node = rows.get(id)
    if node then
      history.keep(node)
    end
  end
end
