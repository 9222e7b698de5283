#!lua flags=allow-oom
-- Removes a mirror and its schedules; its queued executions are cancelled, so many of them in one call.
-- ARGV: frame, operation, taskId, number of the first execution to look at | '' (the first call), how many
-- Returns: { 'missing' | 'used' | 'more' | 'done', dependents or the next number... }, effects
-- @include verb
local task, from, many = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
if not from then
  if call('HEXISTS', keys.tasks, task) == 0 then
    return commit({ 'missing' })
  end
  local used = { 'used' }
  local mirrors = call('HGETALL', keys.tasks)
  for i = 1, #mirrors, 2 do
    if mirrors[i] ~= task then
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
  for _, id in ipairs(call('HKEYS', keys.schedules)) do
    local record = cron.get(id)
    if record and record.taskId == task then
      cron.remove(record)
    end
  end
  call('HDEL', keys.tasks, task)
  from = 0
end
local old = call('ZCARD', keys.old)
local ids = from < old and call('ZRANGE', keys.old, from, from + many - 1)
  or call('LRANGE', keys.all, from - old, from - old + many - 1)
for _, id in ipairs(ids) do
  local row = rows.get(id)
  if row and row.task == task and (row.st == 'PENDING' or row.st == 'RETRYING') then
    finish.finish(row, 'CANCELLED', { reason = 'TASK_UNREGISTERED' })
  end
end
if #ids == 0 then
  return commit({ 'done' })
end
return commit({ 'more', tostring(from + #ids) })
