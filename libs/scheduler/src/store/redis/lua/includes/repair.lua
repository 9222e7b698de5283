-- Counts the members of workflows again whose state is unreadable, or whose executions were set aside. If the state is
-- unreadable, it is unknown whether executions outside of the workflow still need its members.
local repair = {}

-- Maximum bytes of states to read for one workflow, or to count all executions; executions that are counted again.
local MAX_BYTES, MAX_EXECUTIONS = 4194304, 10000

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
  if workflowRow.open == 0 then
    -- As engine.workflow.complete: it may enter history before `save`. A script has not defined the engine yet.
    workflowRow.status = workflowRow.failed > 0 and 'FAILED' or workflowRow.cancelled > 0 and 'CANCELLED' or 'COMPLETED'
    workflowRow.completedAt = now
  end
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

local COUNTED = { 'RETRYING', 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED' }

-- Counts all executions again, by status and by what they wait for. The verb must not have changed any. If there are very
-- many, or if their states are large, the counters stay as they are.
function repair.countExecutions()
  if call('HLEN', keys.static) > MAX_EXECUTIONS then
    return
  end
  local ids, counts = call('HKEYS', keys.static), {}
  for _, status in ipairs(COUNTED) do
    counts[status] = 0
  end
  for _, name in pairs(aside.WAITING) do
    counts[name] = 0
  end
  local done = readSome(ids, MAX_BYTES, function(part)
    local bytes = 0
    for _, state in ipairs(readAll('HMGET', keys.state, part)) do
      local status, name = aside.countersOf(state)
      if counts[status] then
        counts[status] = counts[status] + 1
      end
      if name then
        counts[name] = counts[name] + 1
      end
      bytes = bytes + (state and #state or 0)
    end
    return bytes
  end)
  -- Those that run may have no state.
  counts.RUNNING = 0
  for _, workerId in ipairs(call('ZRANGE', keys.leases, 0, -1)) do
    local key = keys.running(workerId)
    counts.RUNNING = counts.RUNNING + call('HLEN', key) - call('HEXISTS', key, '')
  end
  for name, count in pairs(done == #ids and counts or {}) do
    call('HSET', keys.counters, name, count)
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
