-- Workflows: open until their last execution has ended; kept and dropped with all of them.
-- What a workflow was started with is a record of its own: number|created|ids of its executions, with commas|JSON (name,
-- nodes), of which the caller packs all from the ids on; how it stands is short, since it changes with every end:
-- status|completed|open|failed|cancelled|size|pins|entry|bytes: how often executions outside of it, and being the newest of
-- their tasks, need its executions; the number of its entry in history, 0 for none; bytes of those that have ended
local workflow = {}

local added

function workflow.begin()
  workflow.cache, workflow.records = {}, {}
  added = { count = 0, records = {}, orders = {}, states = {} }
end

-- Adds a new one; `packed`: what its record has from its ids on, `size`: how many executions, as text. Texts throughout: a
-- number that is sent to the server costs more than the rest of it. Written by workflow.saveAdded.
function workflow.add(id, packed, size)
  local order = string.format('%d', frame.next())
  added.time = added.time or string.format('%d', now)
  local n = added.count
  added.count = n + 2
  added.records[n + 1], added.records[n + 2] = id, order .. '|' .. added.time .. '|' .. packed
  added.orders[n + 1], added.orders[n + 2] = order, id
  added.states[n + 1], added.states[n + 2] = id, 'RUNNING|0|' .. size .. '|0|0|' .. size .. '|0|0|0'
  workflow.cache[id] = nil
end

function workflow.saveAdded()
  callAll('HSET', keys.workflows, added.records)
  callAll('ZADD', keys.workflowOrder, added.orders)
  callAll('HSET', keys.workflowStates, added.states)
end

local function parse(id, text)
  local status, completed, open, failed, cancelled, size, pins, entry, bytes =
    string.match(text, '^(%u+)|(%d+)|(-?%d+)|(-?%d+)|(-?%d+)|(%d+)|(-?%d+)|(%d+)|(-?%d+)$')
  return {
    id = id,
    status = status,
    completed = tonumber(completed),
    open = tonumber(open),
    failed = tonumber(failed),
    cancelled = tonumber(cancelled),
    size = tonumber(size),
    pins = tonumber(pins),
    entry = tonumber(entry),
    bytes = tonumber(bytes),
  }
end

function workflow.get(id)
  local found = workflow.cache[id]
  if found == nil then
    local text = call('HGET', keys.workflowStates, id)
    found = text and parse(id, text) or false
    workflow.cache[id] = found
  end
  return found or nil
end

-- Reads many at once.
function workflow.fetch(ids)
  local missing = {}
  for _, id in ipairs(ids) do
    if workflow.cache[id] == nil then
      missing[#missing + 1] = id
    end
  end
  for i, text in ipairs(readAll('HMGET', keys.workflowStates, missing)) do
    workflow.cache[missing[i]] = text and parse(missing[i], text) or false
  end
end

local function parseRecord(text)
  local created = records.skip(text, 1, 1)
  local names = records.skip(text, created, 1)
  local about = records.skip(text, names, 1)
  local ids, n, from = {}, 0, names
  while from < about - 1 do
    local comma = find(text, ',', from, true)
    local behind = comma and comma < about and comma or about - 1
    n = n + 1
    ids[n] = sub(text, from, behind - 1)
    from = behind + 1
  end
  local order = tonumber(records.fieldAt(text, 1))
  return { order = order, created = tonumber(records.fieldAt(text, created)), ids = ids, text = text, about = about }
end

-- What it was started with: { order, created, ids, text, about (where its JSON begins in the text) }.
function workflow.record(id)
  local record = workflow.records[id] or parseRecord(call('HGET', keys.workflows, id))
  workflow.records[id] = record
  return record
end

-- Reads the records of many at once.
function workflow.fetchRecords(ids)
  local missing = {}
  for _, id in ipairs(ids) do
    if not workflow.records[id] then
      missing[#missing + 1] = id
    end
  end
  for i, text in ipairs(readAll('HMGET', keys.workflows, missing)) do
    workflow.records[missing[i]] = parseRecord(text)
  end
end

-- Writes those that have changed.
function workflow.save()
  local pairs_ = {}
  for id, found in pairs(workflow.cache) do
    if found and found.dirty then
      pairs_[#pairs_ + 1] = id
      pairs_[#pairs_ + 1] = string.format(
        '%s|%d|%d|%d|%d|%d|%d|%d|%d',
        found.status,
        found.completed,
        found.open,
        found.failed,
        found.cancelled,
        found.size,
        found.pins,
        found.entry,
        found.bytes
      )
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
  found.dirty = true
  effects.push({ 'workflow', found.id, found.status, now })
end

-- Forgets workflows; their executions are the caller's.
function workflow.forget(ids)
  callAll('ZREM', keys.workflowOrder, ids)
  callAll('HDEL', keys.workflows, ids)
  callAll('HDEL', keys.workflowStates, ids)
  for _, id in ipairs(ids) do
    workflow.cache[id], workflow.records[id] = false, nil
  end
end

-- One of its executions has ended. The last one ends the workflow.
function workflow.close(row, status)
  local found = workflow.get(row.workflowId)
  if not found or found.open <= 0 then
    -- One that has ended does not end again.
    return history.retire(row)
  end
  found.dirty = true
  found.open = found.open - 1
  if status == 'FAILED' then
    found.failed = found.failed + 1
  elseif status == 'CANCELLED' then
    found.cancelled = found.cancelled + 1
  end
  if frame.weighs then
    row.historyBytes = history.weigh(row)
    found.bytes = found.bytes + row.historyBytes
  end
  if found.open == 0 then
    workflow.finish(found)
    history.retireWorkflow(found)
  end
end

-- One of its executions, which had ended as `was`, runs again: with it, the whole workflow is out of history.
function workflow.open(row, was)
  local found = workflow.get(row.workflowId)
  if not found then
    return
  end
  history.keepWorkflow(found)
  found.dirty = true
  if was == 'FAILED' then
    found.failed = found.failed - 1
  elseif was == 'CANCELLED' then
    found.cancelled = found.cancelled - 1
  end
  if row.historyBytes then
    found.bytes = found.bytes - row.historyBytes
    row.historyBytes = nil
  end
  found.open = found.open + 1
  if found.open == 1 then
    found.status = 'RUNNING'
    found.completed = 0
  end
end
