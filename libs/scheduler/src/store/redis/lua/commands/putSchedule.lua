#!lua flags=allow-oom
-- Creates or changes a schedule; an unchanged one keeps its next tick and its pause.
-- ARGV: frame, operation, schedule (JSON)   Returns: the record (JSON), effects
-- @include verb
local null = cjson.null
local given = cjson.decode(ARGV[3])
local declared = given.declaredBy == null and null or now
local record = cron.get(given.id)
if not record then
  record = given
  record.paused = false
  record.lastRunTime, record.lastExecutionId = null, null
  record.declaredTime, record.revision = declared, 1
  cron.keep(record)
  cron.report(record, 'put')
  return commit(cjson.encode(record))
end
local sameTimes = record.cronExpression == given.cronExpression
  and record.timezone == given.timezone
  and record.startTime == given.startTime
  and record.endTime == given.endTime
if sameTimes then
  given.nextRunTime = record.nextRunTime
end
if given.declaredBy == null then
  -- Changed by hand, it stays one that code declares, and goes when code no longer does.
  given.declaredBy, declared = record.declaredBy, record.declaredTime
end
local changed = false
for key, value in pairs(given) do
  local before = record[key]
  if type(value) == 'table' then
    changed = changed or type(before) ~= 'table' or before.all ~= value.all
  else
    changed = changed or before ~= value
  end
  record[key] = value
end
record.declaredTime = declared
if changed then
  record.revision = record.revision + 1
  cron.report(record, 'put')
end
cron.keep(record)
return commit(cjson.encode(record))
