-- Workflows: open until their last execution has ended; then all of them may leave for history.
-- What a workflow was started with is a record of its own: number|created|ids of its executions, with commas|JSON (name,
-- nodes), of which the caller packs all from the ids on; how it stands is short, since it changes with every end:
-- status|completed|open|failed|cancelled|size|ends (a letter for each node that was let go)
local workflow = { cache = {}, records = {}, fresh = {} }

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

-- What it was started with: { order, created, ids, about (JSON) }.
function workflow.record(id)
  local record = workflow.records[id]
  if not record then
    local order, created, names, about = string.match(call('HGET', keys.workflows, id), '^(%d+)|(%d+)|([^|]*)|(.*)$')
    local ids = {}
    for each in string.gmatch(names, '[^,]+') do
      ids[#ids + 1] = each
    end
    record = { order = tonumber(order), created = tonumber(created), ids = ids, about = about }
    workflow.records[id] = record
  end
  return record
end

-- A new one, of so many executions. `packed`: what its record has from their ids on.
function workflow.create(id, packed, size)
  local order, fresh = frame.next(), workflow.fresh
  fresh[#fresh + 1] = { id, string.format('%d|%d|', order, now) .. packed, order }
  workflow.cache[id] =
    { id = id, status = 'RUNNING', completed = 0, open = size, failed = 0, cancelled = 0, size = size, ends = '', dirty = true }
end

local function saveFresh()
  local records, orders = {}, {}
  for i, each in ipairs(workflow.fresh) do
    records[2 * i - 1], records[2 * i] = each[1], each[2]
    orders[2 * i - 1], orders[2 * i] = each[3], each[1]
  end
  if #records > 0 then
    call('HSET', keys.workflows, unpack(records))
    call('ZADD', keys.workflowOrder, unpack(orders))
    workflow.fresh = {}
  end
end

-- Writes those that are new, or have changed.
function workflow.save()
  saveFresh()
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
