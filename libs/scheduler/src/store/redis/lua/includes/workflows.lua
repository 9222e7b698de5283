-- @include fields
-- Workflows: open until their last execution has ended; then all of them may leave for history.
-- What a workflow was started with is a record of its own: number|created|ids of its executions, with commas|JSON (name,
-- nodes), of which the caller packs all from the ids on; how it stands is short, since it changes with every end:
-- status|completed|open|failed|cancelled|size|ends (a letter for each node that was let go)
local workflow = { cache = {}, records = {} }

function workflow.get(id)
  local found = workflow.cache[id]
  if found == nil then
    local text = call('HGET', keys.workflowStates, id)
    if text then
      local status, completed, open, failed, cancelled, size, ends =
        string.match(text, '^(%u+)|(%d+)|(-?%d+)|(-?%d+)|(-?%d+)|(%d+)|(%u*)$')
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

-- What it was started with: { order, created, ids, text, about (where its JSON begins in the text) }.
function workflow.record(id)
  local record = workflow.records[id]
  if not record then
    local text = call('HGET', keys.workflows, id)
    local created = fields.skip(text, 1, 1)
    local names = fields.skip(text, created, 1)
    local about = fields.skip(text, names, 1)
    local ids, n, from = {}, 0, names
    while from < about - 1 do
      local comma = find(text, ',', from, true)
      local behind = comma and comma < about and comma or about - 1
      n = n + 1
      ids[n] = sub(text, from, behind - 1)
      from = behind + 1
    end
    local order = tonumber(fields.at(text, 1))
    record = { order = order, created = tonumber(fields.at(text, created)), ids = ids, text = text, about = about }
    workflow.records[id] = record
  end
  return record
end

-- Writes those that have changed.
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
  callAll('HSET', keys.workflowStates, pairs_)
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
  call('ZADD', keys.endedWorkflows, string.format('%d', frame.next()), found.id)
end

-- Forgets the oldest ended workflows beyond the count.
function workflow.trim()
  local over = call('ZCARD', keys.endedWorkflows) - frame.historyCount
  local gone = {}
  for _, id in ipairs(over > 0 and call('ZRANGE', keys.endedWorkflows, 0, over - 1) or {}) do
    -- One whose executions are still being let go stays until they are.
    local each = workflow.get(id)
    if #each.ends == each.size then
      gone[#gone + 1] = id
      workflow.cache[id] = false
    end
  end
  callAll('ZREM', keys.endedWorkflows, gone)
  callAll('ZREM', keys.workflowOrder, gone)
  callAll('HDEL', keys.workflows, gone)
  callAll('HDEL', keys.workflowStates, gone)
end
