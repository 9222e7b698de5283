#!lua flags=allow-oom
-- Removes a schedule.
-- ARGV: frame, operation, id   Returns: 1 | 0 (none of that id), effects
-- @include verb
local record = cron.get(ARGV[3])
if record then
  cron.remove(record)
end
return commit(record and 1 or 0)
