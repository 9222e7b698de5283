-- Releases the upstreams of executions that were set aside. Such an execution may have ended and released some of them
-- already, which may be unknown, so the live dependents of each upstream are counted again, in bounded steps. The edges
-- stay stored until then.
local lostEdges = {}

-- Edges whose upstreams are read together. Maximum number of dependents of an upstream to count, which one step must do: an
-- upstream with more is left as it is.
local READ_AT_ONCE, MAX_COUNTED = 4, 1000

-- Call it when an execution is set aside.
function lostEdges.add(id)
  local found = call('TYPE', keys.edges(id)).ok
  if found == 'hash' then
    stepTable.addLost(id)
  elseif found ~= 'none' then
    call('UNLINK', keys.edges(id))
  end
end

-- The row of a dependent; nil if it does not exist, or is a compact member, which has no upstreams outside of its workflow.
-- An unreadable one counts as live until it is set aside itself.
local function dependentOf(id, state)
  local row = rows.cache[id]
  if row ~= nil then
    return row or nil
  elseif not state or records.isCompleted(state) or records.isWaiting(state) then
    return nil
  end
  return setmetatable(fields.tryUnpack(state) or {}, rows.defaults)
end

-- The members of its workflow as a set: they do not count as live dependents.
local function membersOf(row)
  local members = {}
  local found = row.workflowId and workflow.get(row.workflowId)
  for _, id in ipairs(found and workflow.record(found.id).ids or {}) do
    members[id] = true
  end
  return members
end

-- How many batches need it, see bulkInsert.lua.
local function batchesOf(upstreamId)
  local count = 0
  for _, batches in ipairs({
    call('ZRANGE', keys.stagedBatches, 0, -1),
    call('LRANGE', keys.committedBatches, 0, -1),
  }) do
    for _, batch in ipairs(batches) do
      count = count + (call('ZSCORE', keys.batchUpstreams(batch), upstreamId) and 1 or 0)
    end
  end
  return count
end

local function recount(upstreamId)
  local row = rows.get(upstreamId)
  if not row or row.liveDependents == 0 or (row.dependentCount or 0) > MAX_COUNTED then
    return
  end
  local ids, indices = edgeTable.dependentsOf(row, MAX_COUNTED)
  local members, count, at = membersOf(row), 0, 0
  local done = readSome(ids, STEP_BYTES, function(part)
    local bytes = 0
    for i, state in ipairs(readAll('HMGET', keys.state, part)) do
      at = at + 1
      local dependent = not members[part[i]] and dependentOf(part[i], state)
      count = count + (dependent and engine.edges.isHeld(dependent, indices[at]) and 1 or 0)
      bytes = bytes + (state and #state or 0)
    end
    return bytes
  end)
  if done == #ids then
    engine.edges.setLive(tables, row, count + batchesOf(upstreamId))
  end
end

-- Releases the next upstreams. Returns whether none remains.
function lostEdges.releaseNext(step)
  local key, budget_ = keys.edges(step.executionId), tables.edgeBudget
  while call('EXISTS', key) == 1 and step.next < limits.MAX_WORKFLOW_EDGES do
    if budget_.toMove <= 0 or budget_.bytes <= 0 then
      return false
    end
    local indices, bytesBefore = {}, rows.bytes
    for index = step.next + 1, step.next + READ_AT_ONCE do
      indices[#indices + 1] = index
    end
    for i, record in ipairs(readAll('HMGET', key, indices)) do
      local upstreamId, task = edges.upstreamIn(record or '')
      if upstreamId and upstreamId ~= '' then
        recount(upstreamId)
      elseif upstreamId then
        call('ZREM', keys.awaited(task), step.executionId .. '|' .. indices[i])
      end
    end
    callAll('HDEL', key, indices)
    step.next = step.next + READ_AT_ONCE
    budget_.toMove, budget_.bytes = budget_.toMove - READ_AT_ONCE, budget_.bytes - (rows.bytes - bytesBefore)
  end
  call('UNLINK', key)
  return true
end
