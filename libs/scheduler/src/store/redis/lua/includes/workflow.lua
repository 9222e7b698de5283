-- Workflows: open until their last execution has ended; then all of them may leave for history.
-- What a workflow was started with is a record of its own, { name, created, order, nodes (JSON), ids }; how it stands
-- is short, since it changes with every end: status|completed|open|failed|cancelled|size|ends
-- (a letter for each node that was let go)
workflow.cache = {}

-- Executions of an ended workflow that one step lets go.
local NODES_PER_STEP = 200

local LETTER = { COMPLETED = 'C', FAILED = 'F', CANCELLED = 'X', SKIPPED = 'K' }

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
  return cmsgpack.unpack(call('HGET', keys.workflows, id))
end

function workflow.create(id, record, open)
  call('HSET', keys.workflows, id, cmsgpack.pack(record))
  call('ZADD', keys.workflowOrder, record.order, id)
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

local function remove(id)
  call('ZREM', keys.endedWorkflows, id)
  call('ZREM', keys.workflowOrder, id)
  call('HDEL', keys.workflows, id)
  call('HDEL', keys.workflowStates, id)
  workflow.cache[id] = false
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
  rows.fetch(part)
  for i, each in ipairs(part) do
    local node = rows.get(each)
    letters[i] = node and LETTER[node.st] or string.sub(found.ends, from + i, from + i)
  end
  found.ends = string.sub(found.ends, 1, from) .. table.concat(letters) .. string.sub(found.ends, to + 1)
  found.dirty = true
  for _, each in ipairs(part) do
    local node = rows.get(each)
    if node then
      history.retire(node)
    end
  end
  return to < #ids and to or nil
end

-- The last execution has ended.
local function finishAll(found)
  found.status = found.failed > 0 and 'FAILED' or found.cancelled > 0 and 'CANCELLED' or 'COMPLETED'
  found.completed = now
  effects.push({ 'workflow', found.id, found.status, now })
  call('ZADD', keys.endedWorkflows, frame.next(), found.id)
  local rest = workflow.letGo(found.id, 0)
  if rest then
    dependency.add({ found.id, 'workflow', rest })
  end
  local over = call('ZCARD', keys.endedWorkflows) - frame.historyCount
  for _, id in ipairs(over > 0 and call('ZRANGE', keys.endedWorkflows, 0, over - 1) or {}) do
    -- One whose executions are still being let go stays until they are.
    local each = workflow.get(id)
    if #each.ends == each.size then
      remove(id)
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
