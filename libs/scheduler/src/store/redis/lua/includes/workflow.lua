-- @include repair
-- Workflows. A workflow is open until its last member has ended; it is kept and dropped with all of them.
-- Record, what it was started with: number|created|ids of its members, with commas|JSON (name, nodes); the caller packs
-- everything from the ids on.
-- State, short since each end changes it: status|completed|open|failed|cancelled|size|pins|entry|bytes; pins: how often its
-- members are needed by executions outside of it, or as the newest of their tasks; entry: the number of its entry in
-- history, 0 for none; bytes: those of the members that have ended
local workflow = {}

local added

function workflow.begin()
  workflow.cache, workflow.records = {}, {}
  added = { count = 0, records = {}, orders = {}, states = {} }
end

-- Adds a workflow, written by workflow.saveAdded. `packed`: its record from the ids on; `size`: number of members. All are
-- texts: a number that is sent to the server costs more than the rest of the command.
function workflow.add(id, packed, size)
  local order = string.format('%d', context.nextNumber())
  added.time = added.time or string.format('%d', now)
  local length = added.count
  added.count = length + 2
  added.records[length + 1], added.records[length + 2] = id, order .. '|' .. added.time .. '|' .. packed
  added.orders[length + 1], added.orders[length + 2] = order, id
  added.states[length + 1], added.states[length + 2] = id, 'RUNNING|0|' .. size .. '|0|0|' .. size .. '|0|0|0'
  workflow.cache[id] = nil
end

function workflow.saveAdded()
  callAll('HSET', keys.workflows, added.records)
  callAll('ZADD', keys.workflowOrder, added.orders)
  callAll('HSET', keys.workflowStates, added.states)
end

local function parse(id, text)
  local status, completedAt, open, failed, cancelled, size, pins, entry, bytes =
    string.match(text, '^(%u+)|(%d+)|(-?%d+)|(-?%d+)|(-?%d+)|(%d+)|(-?%d+)|(%d+)|(-?%d+)$')
  if not status then
    return repair.count(id, text)
  end
  return {
    id = id,
    status = status,
    completedAt = tonumber(completedAt),
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
  local workflowRow = workflow.cache[id]
  if workflowRow == nil then
    local text = call('HGET', keys.workflowStates, id)
    workflowRow = text and parse(id, text) or false
    workflow.cache[id] = workflowRow
  end
  return workflowRow or nil
end

-- Reads many together.
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
  local jsonStart = records.skip(text, names, 1)
  local ids, n, from = {}, 0, names
  while from < jsonStart - 1 do
    local comma = find(text, ',', from, true)
    local idEnd = comma and comma < jsonStart and comma or jsonStart - 1
    n = n + 1
    ids[n] = sub(text, from, idEnd - 1)
    from = idEnd + 1
  end
  local order = tonumber(records.fieldAt(text, 1))
  return { order = order, created = tonumber(records.fieldAt(text, created)), ids = ids, text = text, about = jsonStart }
end

-- The parsed record: { order, created, ids, text, about (where its JSON begins in the text) }.
function workflow.record(id)
  local record = workflow.records[id] or parseRecord(call('HGET', keys.workflows, id) or '')
  workflow.records[id] = record
  return record
end

-- Reads the records of many together.
function workflow.fetchRecords(ids)
  local missing = {}
  for _, id in ipairs(ids) do
    if not workflow.records[id] then
      missing[#missing + 1] = id
    end
  end
  for i, text in ipairs(readAll('HMGET', keys.workflows, missing)) do
    workflow.records[missing[i]] = parseRecord(text or '')
  end
end

-- Writes the changed workflows.
function workflow.save()
  local pairs_ = {}
  for id, workflowRow in pairs(workflow.cache) do
    if workflowRow and workflowRow.dirty then
      pairs_[#pairs_ + 1] = id
      pairs_[#pairs_ + 1] = string.format(
        '%s|%d|%d|%d|%d|%d|%d|%d|%d',
        workflowRow.status,
        workflowRow.completedAt,
        workflowRow.open,
        workflowRow.failed,
        workflowRow.cancelled,
        workflowRow.size,
        workflowRow.pins,
        workflowRow.entry,
        workflowRow.bytes
      )
      workflowRow.dirty = false
    end
  end
  callAll('HSET', keys.workflowStates, pairs_)
end

-- Deletes workflows; the caller deletes their members.
function workflow.forget(ids)
  callAll('ZREM', keys.workflowOrder, ids)
  callAll('HDEL', keys.workflows, ids)
  callAll('HDEL', keys.workflowStates, ids)
  for _, id in ipairs(ids) do
    workflow.cache[id], workflow.records[id] = false, nil
  end
end

-- The engine's WorkflowTable, see engine/tables.ts.
workflow.table = {}

function workflow.table:of(row)
  return row.workflowId and workflow.get(row.workflowId) or nil
end

function workflow.table:touch(workflowRow)
  workflowRow.dirty = true
end

workflow.table.touchCounts = workflow.table.touch

function workflow.table:addBytes(workflowRow, row)
  if context.countsBytes then
    row.historyBytes = rows.weigh(row)
    workflowRow.bytes = workflowRow.bytes + row.historyBytes
  end
end

function workflow.table:removeBytes(workflowRow, row)
  if row.historyBytes then
    workflowRow.bytes = workflowRow.bytes - row.historyBytes
    row.historyBytes = nil
  end
end
