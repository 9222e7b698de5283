-- Workflows: open until their last execution has ended; then all of them may leave for history.
-- What a workflow was started with is a record of its own, { name, created, order, nodes (JSON), ids }; how it stands
-- is short, since it changes with every end: status|completed|open|failed|cancelled|ends (a letter a node)
workflow.cache = {}

local LETTER = { COMPLETED = 'C', FAILED = 'F', CANCELLED = 'X', SKIPPED = 'K' }

function workflow.get(id)
  local found = workflow.cache[id]
  if found == nil then
    local text = call('HGET', keys.workflowStates, id)
    if text then
      local status, completed, open, failed, cancelled, ends =
        string.match(text, '^(%u+)|(%d+)|(%d+)|(%d+)|(%d+)|(%u*)$')
      found = {
        id = id,
        status = status,
        completed = tonumber(completed),
        open = tonumber(open),
        failed = tonumber(failed),
        cancelled = tonumber(cancelled),
        ends = ends,
      }
    end
    workflow.cache[id] = found or false
  end
  return found or nil
end

-- What it was started with.
function workflow.record(id)
  return cmsgpack.unpack(call('HGET', keys.workflows, id))
end

function workflow.create(id, record, open)
  call('HSET', keys.workflows, id, cmsgpack.pack(record))
  call('ZADD', keys.workflowOrder, record.order, id)
  local found = { id = id, status = 'RUNNING', completed = 0, open = open, failed = 0, cancelled = 0, ends = '' }
  workflow.cache[id] = found
  found.dirty = true
end

-- Writes those that changed.
function workflow.save()
  local pairs_ = {}
  for id, found in pairs(workflow.cache) do
    if found and found.dirty then
      local text =
        { found.status, found.completed, found.open, found.failed, found.cancelled, found.ends }
      pairs_[#pairs_ + 1] = id
      pairs_[#pairs_ + 1] = table.concat(text, '|')
      found.dirty = false
    end
  end
  for from = 1, #pairs_, 2000 do
    call('HSET', keys.workflowStates, unpack(pairs_, from, math.min(from + 1999, #pairs_)))
  end
end

function workflow.isOpen(id)
  local found = workflow.get(id)
  return found ~= nil and found.open > 0
end

local function remove(id)
  call('ZREM', keys.endedWorkflows, id)
  call('ZREM', keys.workflowOrder, id)
  call('HDEL', keys.workflows, id)
  call('HDEL', keys.workflowStates, id)
  workflow.cache[id] = false
end

-- The last execution has ended: how each did is kept, and all may leave.
local function finishAll(found)
  found.status = found.failed > 0 and 'FAILED' or found.cancelled > 0 and 'CANCELLED' or 'COMPLETED'
  found.completed = now
  effects.push({ 'workflow', found.id, found.status, now })
  call('ZADD', keys.endedWorkflows, frame.next(), found.id)
  local ids = workflow.record(found.id).ids
  rows.fetch(ids)
  local ends = {}
  for i, id in ipairs(ids) do
    local node = rows.get(id)
    ends[i] = node and LETTER[node.st] or string.sub(found.ends, i, i)
  end
  found.ends = table.concat(ends)
  local over = call('ZCARD', keys.endedWorkflows) - frame.historyCount
  for _, id in ipairs(over > 0 and call('ZRANGE', keys.endedWorkflows, 0, over - 1) or {}) do
    remove(id)
  end
  for _, id in ipairs(ids) do
    local node = rows.get(id)
    if node then
      history.retire(node)
    end
  end
end

-- One of its executions has ended. The last one ends the workflow.
function workflow.close(row, status)
  local found = workflow.get(row.wf)
  found.dirty = true
  found.open = found.open - 1
  if status == 'FAILED' then
    found.failed = found.failed + 1
  elseif status == 'CANCELLED' then
    found.cancelled = found.cancelled + 1
  end
  if found.open == 0 then
    finishAll(found)
  end
end

-- One of its executions, which had ended as `was`, runs again.
function workflow.open(row, was)
  local found = workflow.get(row.wf)
  if not found then
    return
  end
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
  for _, id in ipairs(workflow.record(found.id).ids) do
    local node = rows.get(id)
    if node then
      history.keep(node)
    end
  end
end
