#!lua flags=allow-oom
-- Removes a mirror and its schedules; its queued executions are cancelled, and what waits for its next execution is skipped,
-- so many of them in one call.
-- ARGV: frame, operation, taskId, number of the first execution to look at | '' (the first call), how many
-- Returns: { 'missing' | 'used' | 'more' | 'done', dependents or the next number... }, effects
-- @include verb
-- @include intake
local task, from, many = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
if not from then
  if call('HEXISTS', keys.tasks, task) == 0 then
    return commit({ 'missing' })
  end
  local used = { 'used' }
  local mirrors, name = call('HGETALL', keys.tasks), cjson.encode(task)
  for i = 1, #mirrors, 2 do
    -- Few name it, and only those are parsed.
    if mirrors[i] ~= task and string.find(mirrors[i + 1], name, 1, true) then
      for _, each in ipairs(cjson.decode(mirrors[i + 1]).dependencies) do
        if each.taskId == task then
          used[#used + 1] = mirrors[i]
          break
        end
      end
    end
  end
  if #used > 1 then
    return commit(used)
  end
  -- What has been accepted is there first, so that nothing of the task comes to be after it is gone.
  if intake.step() then
    return commit({ 'more', '' })
  end
  local waiting = call('ZRANGE', keys.awaited(task), 0, math.min(many, 100) - 1)
  for _, edge in ipairs(waiting) do
    local row = rows.get((edges.split(edge)))
    if row and not rows.isTerminal(row) then
      engine.finish.finish(tables, row, 'skip', 'SKIPPED', { reason = 'TASK_UNREGISTERED' })
    end
    call('ZREM', keys.awaited(task), edge)
  end
  if #waiting > 0 then
    return commit({ 'more', '' })
  end
  local schedules = call('HGETALL', keys.schedules)
  for i = 1, #schedules, 2 do
    local schedule = string.find(schedules[i + 1], name, 1, true) and scheduleTable:get(schedules[i])
    if schedule and schedule.taskId == task then
      engine.schedule.remove(tables, schedule.id)
    end
  end
  call('HDEL', keys.tasks, task)
  from = 0
end
local old = call('ZCARD', keys.old)
local ids = from < old and call('ZRANGE', keys.old, from, from + many - 1)
  or call('LRANGE', keys.all, from - old, from - old + many - 1)
-- Most are of other tasks: their records tell.
local TASK, MAX_BYTES, MAX_ENDS = '^%d+|%d+|%-?%d+|[^|]*|([^|]*)|', 2097152, 100
local looked, bytes, ends = 0, 0, 0
while looked < #ids and bytes < MAX_BYTES and ends < MAX_ENDS do
  looked = looked + 1
  local record = call('HGET', keys.static, ids[looked]) or ''
  bytes = bytes + #record
  local row = string.match(record, TASK) == task and rows.get(ids[looked])
  if row and (row.status == 'PENDING' or row.status == 'RETRYING') then
    engine.finish.finish(tables, row, 'cancel', 'CANCELLED', { reason = 'TASK_UNREGISTERED' })
    ends = ends + 1
  end
end
if #ids == 0 then
  return commit({ 'done' })
end
return commit({ 'more', tostring(from + looked) })
