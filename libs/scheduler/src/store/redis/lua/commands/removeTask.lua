#!lua flags=allow-oom
-- Removes a definition in steps: removes its schedules, skips what waits for the task's next execution, removes the
-- definition, cancels its queued executions.
-- ARGV: context, operation, taskId, '' (first step) | 'schedules:' with a cursor | 'waiting' (the schedules are removed) |
--   position of the execution examined last, executions per step
-- Returns: next step | 'missing' | 'done', effects
-- @include verb
-- @include bulkInsert
local task, from, limit = ARGV[3], ARGV[4], tonumber(ARGV[5])
local MAX_BYTES, MAX_ENDS = 2097152, 100

local function skipWaiting()
  local waiting = call('ZRANGE', keys.awaited(task), 0, MAX_ENDS - 1)
  for _, edge in ipairs(waiting) do
    if rows.bytes > STEP_BYTES then
      break
    end
    engine.task.skipWaiting(tables, (edges.split(edge)))
    call('ZREM', keys.awaited(task), edge)
  end
  return #waiting > 0
end

-- Returns the next cursor.
local function removeSchedules(cursor)
  local after, named = definitionTable.naming(keys.schedules, task, cursor)
  for i = 1, #named, 2 do
    local schedule = scheduleTable:get(named[i])
    if schedule and schedule.taskId == task then
      engine.schedule.remove(tables, schedule.id)
    end
  end
  return after
end

-- Most executions belong to other tasks, as their records show. Returns the next position, or 'done'.
local function cancelQueued(after)
  local TASK = '^%d+|%d+|%-?%d+|[^|]*|([^|]*)|'
  local ids, positions = creation.after(after, limit)
  local examined, bytes, ends = 0, 0, 0
  while examined < #ids and bytes < MAX_BYTES and ends < MAX_ENDS do
    examined = examined + 1
    local record = call('HGET', keys.static, ids[examined]) or ''
    bytes = bytes + #record
    local row = string.match(record, TASK) == task and rows.get(ids[examined])
    if row and engine.task.cancelQueued(tables, row) then
      ends = ends + 1
    end
  end
  return #ids == 0 and 'done' or string.format('%.0f', positions[examined])
end

if tonumber(from) then
  return commit(cancelQueued(tonumber(from)))
elseif call('HEXISTS', keys.tasks, task) == 0 then
  return commit('missing')
elseif from ~= 'waiting' then
  local cursor = removeSchedules(string.match(from, '^schedules:(%d+)') or '0')
  return commit(cursor == '0' and 'waiting' or 'schedules:' .. cursor)
-- Committed batches are inserted first, so none of their executions is created after the task is removed.
elseif bulkInsert.step() or skipWaiting() then
  return commit('waiting')
end
call('HDEL', keys.tasks, task)
return commit('0')
