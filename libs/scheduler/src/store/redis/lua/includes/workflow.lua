-- Workflows: open until their last execution has ended; then all of them may leave for history.
-- Record: { name, created, order, status, completed, open, failed, cancelled, ids }
workflow.cache = {}

function workflow.get(id)
  local found = workflow.cache[id]
  if found == nil then
    local record = call('HGET', keys.workflows, id)
    found = record and cmsgpack.unpack(record) or false
    if found then
      found.id = id
    end
    workflow.cache[id] = found
  end
  return found or nil
end

function workflow.save(found)
  call('HSET', keys.workflows, found.id, cmsgpack.pack(found))
end

function workflow.isOpen(id)
  local found = workflow.get(id)
  return found ~= nil and found.open > 0
end

-- One of its executions has ended. The last one ends the workflow.
function workflow.close(row, status)
  local found = workflow.get(row.wf)
  found.open = found.open - 1
  if status == 'FAILED' then
    found.failed = found.failed + 1
  elseif status == 'CANCELLED' then
    found.cancelled = found.cancelled + 1
  end
  if found.open > 0 then
    return workflow.save(found)
  end
  found.status = found.failed > 0 and 'FAILED' or found.cancelled > 0 and 'CANCELLED' or 'COMPLETED'
  found.completed = now
  workflow.save(found)
  effects.push({ 'workflow', found.id, found.status, now })
  call('ZADD', keys.endedWorkflows, frame.next(), found.id)
  local over = call('ZCARD', keys.endedWorkflows) - frame.historyCount
  if over > 0 then
    for _, id in ipairs(call('ZRANGE', keys.endedWorkflows, 0, over - 1)) do
      call('ZREM', keys.endedWorkflows, id)
      call('ZREM', keys.workflowOrder, id)
      call('HDEL', keys.workflows, id)
    end
  end
  for _, id in ipairs(found.ids) do
    local node = rows.get(id, true)
    if node then
      history.retire(node)
    end
  end
end

-- One of its executions is dropped: how it ended is still told.
function workflow.remember(row)
  local found = workflow.get(row.wf)
  if found then
    found.gone = found.gone or {}
    found.gone[row.id] = row.st
    workflow.save(found)
  end
end

-- One of its executions, which had ended as `was`, runs again.
function workflow.open(row, was)
  local found = workflow.get(row.wf)
  if not found then
    return
  end
  if was == 'FAILED' then
    found.failed = found.failed - 1
  elseif was == 'CANCELLED' then
    found.cancelled = found.cancelled - 1
  end
  found.open = found.open + 1
  if found.open > 1 then
    return workflow.save(found)
  end
  found.status = 'RUNNING'
  found.completed = 0
  call('ZREM', keys.endedWorkflows, found.id)
  workflow.save(found)
  for _, id in ipairs(found.ids) do
    local node = rows.get(id)
    if node then
      history.keep(node)
    end
  end
end
