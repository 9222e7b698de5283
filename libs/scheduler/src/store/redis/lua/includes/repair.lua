-- Counts the members of workflows again whose state is unreadable, or whose executions were set aside. If the state is
-- unreadable, it is unknown whether executions outside of the workflow still need its members.
local repair = {}

-- Maximum bytes of states to read for one workflow.
local MAX_BYTES = 4194304

local unreadable

function repair.begin()
  unreadable = {}
end

local function statusOf(id, state)
  if call('HEXISTS', keys.static, id) == 0 then
    return nil
  end
  return state and fields.statusOf(state) or 'PENDING'
end

-- Counts the stored members by status. A member that does not exist was set aside, and counts as failed. Returns false if
-- the states are too large.
local function countMembers(id)
  local ids, workflowRow = workflow.record(id).ids, { id = id, completedAt = 0, open = 0, failed = 0, cancelled = 0 }
  local done = readSome(ids, MAX_BYTES, function(part)
    local bytes = 0
    for i, state in ipairs(readAll('HMGET', keys.state, part)) do
      local status = statusOf(part[i], state)
      workflowRow.open = workflowRow.open + (status and not fields.TERMINAL[status] and 1 or 0)
      workflowRow.failed = workflowRow.failed + ((status == 'FAILED' or not status) and 1 or 0)
      workflowRow.cancelled = workflowRow.cancelled + (status == 'CANCELLED' and 1 or 0)
      bytes = bytes + (state and #state or 0)
    end
    return bytes
  end)
  workflowRow.size, workflowRow.pins, workflowRow.entry, workflowRow.bytes = #ids, 0, 0, 0
  workflowRow.status, workflowRow.isRepaired = 'RUNNING', true
  return done == #ids and workflowRow
end

-- The state of the workflow; false if the states of its members are too large.
function repair.count(id, text)
  unreadable[id] = text
  return countMembers(id)
end

-- Counts an open workflow again, some of whose members do not exist. The verb must not have changed the workflow.
function repair.recount(workflowRow)
  local counted = countMembers(workflowRow.id)
  if counted then
    workflowRow.open, workflowRow.failed, workflowRow.cancelled, workflowRow.dirty =
      counted.open, counted.failed, counted.cancelled, true
    if workflowRow.open == 0 then
      engine.workflow.close(tables, workflowRow)
    end
  end
end

-- Writes repaired workflows. One that has ended enters history again: its earlier entry has another number.
function repair.save()
  for id, text in pairs(unreadable) do
    aside.put('workflow', id, 'its state is unreadable', { text })
    local workflowRow = workflow.get(id)
    if workflowRow then
      workflowRow.dirty = true
      if workflowRow.open == 0 then
        engine.workflow.close(tables, workflowRow)
      end
    else
      workflow.forget({ id })
    end
  end
  unreadable = {}
end
