-- Finds what waits for executions that were set aside, whose lists of dependents are lost, and for steps that were set aside:
-- examines all executions and open workflows in bounded steps of maintenance, and has the runs of queues with limits counted
-- again, and at last all executions, if the status of one that was set aside is unknown.
-- Stored in `keys.meta` while in progress: phase|position|edge|1 if more was set aside meanwhile; `stepLost` if it was a
-- step; `recount` if all executions must be counted
local orphans = {}

-- Entries that one step examines.
local PER_STEP = 500

local EXECUTIONS, WORKFLOWS, QUEUES, COUNTERS = 'e', 'w', 'q', 'c'

-- Whether a step was lost; nil if not read yet.
local isStepLost

function orphans.begin()
  isStepLost = nil
end

-- Call it when a step is set aside: what is still to be done for executions, as their states show, begins anew.
function orphans.resumeSteps()
  call('HSET', keys.meta, 'stepLost', 1)
  if call('EXISTS', keys.droppedMembers) == 1 then
    stepTable.addDrop()
  end
end

local function mayHaveSteps(stored)
  return isStepLost and (stored.endsToPropagate or stored.edgesReleased or stored.arrivalSteps)
end

-- Whether an execution with this state may wait for edges, or for a step. An unreadable one may.
local function mayWait(state)
  if not state or records.isCompleted(state) then
    return false
  end
  local stored = not records.isWaiting(state) and fields.tryUnpack(state)
  return not stored or mayHaveSteps(stored) or ((stored.openEdges or 0) > 0 and not fields.TERMINAL[stored.status])
end

-- Returns the next edge, 0 if all are examined.
local function examine(id, edge)
  local row = rows.get(id, true)
  if row and edge == 1 and mayHaveSteps(row) then
    engine.dependency.resumeSteps(tables, row)
  end
  return row and engine.dependency.decideLostUpstreams(tables, row, edge) or 0
end

-- Returns the next position and edge; nothing if all executions are examined.
local function examineExecutions(position, edge)
  local ids, positions = creation.after(position, PER_STEP)
  if #ids == 0 then
    return nil
  end
  local at, left = 0, 0
  readSome(ids, STEP_BYTES, function(part)
    local bytes, bytesBefore = 0, rows.bytes
    for i, state in ipairs(readAll('HMGET', keys.state, part)) do
      bytes = bytes + (state and #state or 0)
      if left == 0 then
        at = at + 1
        if mayWait(state) then
          local ok, next = aside.guard('orphans', part[i], examine, part[i], edge)
          left = ok and next or 0
        end
        edge = 1
      end
    end
    return left == 0 and bytes + rows.bytes - bytesBefore or math.huge
  end)
  if left > 0 then
    return at > 1 and positions[at - 1] or position, left
  end
  return positions[at], 1
end

-- As examineExecutions. The verb has changed nothing yet, so the executions are counted as they are stored.
local function examineWorkflows(position)
  local entries = call('ZRANGEBYSCORE', keys.workflowOrder, '(' .. position, '+inf', 'WITHSCORES', 'LIMIT', 0, PER_STEP)
  if #entries == 0 then
    return nil
  end
  local examined = 0
  for i = 1, #entries, 2 do
    local workflowRow = workflow.get(entries[i])
    if workflowRow and workflowRow.open > 0 then
      local isWhole = true
      for _, id in ipairs(workflow.record(workflowRow.id).ids) do
        examined = examined + 1
        isWhole = isWhole and call('HEXISTS', keys.static, id) == 1
      end
      if not isWhole then
        repair.recount(workflowRow)
      end
    end
    position = tonumber(entries[i + 1])
    if examined >= PER_STEP then
      break
    end
  end
  return position, 1
end

local NEXT = { [EXECUTIONS] = WORKFLOWS, [WORKFLOWS] = QUEUES, [QUEUES] = COUNTERS }

-- Returns whether there is more to examine. A verb calls it before it changes anything.
function orphans.step()
  local cursor = call('HGET', keys.meta, 'orphans')
  if not cursor then
    return false
  end
  local phase, position, edge, isAgain = string.match(cursor, '^(%a)|(%d+)|(%d+)|(%d)$')
  local nextPosition, nextEdge
  if phase == EXECUTIONS then
    isStepLost = call('HEXISTS', keys.meta, 'stepLost') == 1
    nextPosition, nextEdge = examineExecutions(tonumber(position), tonumber(edge))
  elseif phase == WORKFLOWS then
    if call('EXISTS', keys.committedBatches) == 1 then
      -- Members that are missing may belong to a batch that is not fully inserted.
      return true
    end
    nextPosition, nextEdge = examineWorkflows(tonumber(position))
  elseif phase == QUEUES then
    nextPosition, nextEdge = queueTable.recount(tonumber(position)), 1
  elseif call('HDEL', keys.meta, 'recount') == 1 then
    repair.countExecutions()
  end
  -- If this step has set something aside, the new cursor must say so.
  isAgain = aside.isAny and '1' or isAgain or '0'
  if nextPosition then
    cursor = string.format('%s|%.0f|%.0f|%s', phase, nextPosition, nextEdge, isAgain)
  elseif NEXT[phase] then
    cursor = NEXT[phase] .. '|0|1|' .. isAgain
  else
    cursor = isAgain == '1' and EXECUTIONS .. '|0|1|0'
  end
  if cursor then
    call('HSET', keys.meta, 'orphans', cursor)
  else
    call('HDEL', keys.meta, 'orphans', 'stepLost')
  end
  return cursor ~= false
end
