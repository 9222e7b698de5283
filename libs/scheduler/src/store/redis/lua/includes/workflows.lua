-- Workflows: open until their last execution has ended; then all of them may leave for history.
-- What a workflow was started with is a record of its own, { name, created, order, nodes (JSON), ids }; how it stands
-- is short, since it changes with every end: status|completed|open|failed|cancelled|size|ends
-- (a letter for each node that was let go)
local workflow = { cache = {}, records = {} }

function workflow.get(id)
  local found = workflow.cache[id]
  if found == nil then
    local text = call('HGET', keys.workflowStates, id)
    if text then
      local status, completed, open, failed, cancelled, size, ends =
        string.match(text, '^(%u+)|(%d+)|(%d+)|(%d+)|(%d+)|(%d+)|(%u*)$')
      found = {
        id = id,
        status = status,
        completed = tonumber(completed),
        open = tonumber(open),
        failed = tonumber(failed),
        cancelled = tonumber(cancelled),
        size = tonumber(size),
        ends = ends,
      }
    end
    workflow.cache[id] = found or false
  end
  return found or nil
end

-- What it was started with.
function workflow.record(id)
  local record = workflow.records[id] or cmsgpack.unpack(call('HGET', keys.workflows, id))
  workflow.records[id] = record
  return record
end

-- command: { workflowId, name }; its nodes as JSON, the ids of its executions in their order.
function workflow.create(command, nodes, ids)
  local id, order, open = command.workflowId, frame.next(), #ids
  call('HSET', keys.workflows, id, cmsgpack.pack({ name = command.name, nodes = nodes, created = now, order = order, ids = ids }))
  call('ZADD', keys.workflowOrder, order, id)
  local found = { id = id, status = 'RUNNING', completed = 0, open = open, failed = 0, cancelled = 0, size = open, ends = '' }
  workflow.cache[id] = found
  found.dirty = true
end

-- Writes those that changed.
function workflow.save()
  local pairs_ = {}
  for id, found in pairs(workflow.cache) do
    if found and found.dirty then
      local text =
        { found.status, found.completed, found.open, found.failed, found.cancelled, found.size, found.ends }
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

-- The last execution has ended.
function workflow.finish(found)
  found.status = found.failed > 0 and 'FAILED' or found.cancelled > 0 and 'CANCELLED' or 'COMPLETED'
  found.completed = now
  effects.push({ 'workflow', found.id, found.status, now })
  call('ZADD', keys.endedWorkflows, frame.next(), found.id)
end

local function remove(id)
  call('ZREM', keys.endedWorkflows, id)
  call('ZREM', keys.workflowOrder, id)
  call('HDEL', keys.workflows, id)
  call('HDEL', keys.workflowStates, id)
  workflow.cache[id] = false
end

-- Forgets the oldest ended workflows beyond the count.
function workflow.trim()
  local over = call('ZCARD', keys.endedWorkflows) - frame.historyCount
  for _, id in ipairs(over > 0 and call('ZRANGE', keys.endedWorkflows, 0, over - 1) or {}) do
    -- One whose executions are still being let go stays until they are.
    local each = workflow.get(id)
    if #each.ends == each.size then
      remove(id)
    end
  end
end
