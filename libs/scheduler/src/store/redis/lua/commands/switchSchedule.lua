#!lua flags=allow-oom
-- Pauses a schedule, or resumes it with its next tick.
-- ARGV: frame, operation, id, 'paused' | 'resumed', next tick | ''   Returns: 1 | 0 (none of that id), effects
-- @include verb
local record = cron.get(ARGV[3])
if not record then
  return commit(0)
end
local paused = ARGV[4] == 'paused'
if record.paused ~= paused then
  record.paused = paused
  if not paused then
    record.nextRunTime = tonumber(ARGV[5]) or cjson.null
  end
  record.revision = record.revision + 1
  cron.keep(record)
  cron.report(record, ARGV[4])
end
return commit(1)
