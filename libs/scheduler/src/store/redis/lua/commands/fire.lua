-- Fires ticks of one schedule, if it still is what the decision saw.
-- ARGV: frame, operation, id, expected revision, expected tick, overlap, grace, next tick | '', ticks (JSON)
-- Returns: 1 | 0 (another node was first, or it changed), effects
-- @include verb
local record = cron.get(ARGV[3])
if
  not record
  or record.paused
  or record.revision ~= tonumber(ARGV[4])
  or record.nextRunTime ~= tonumber(ARGV[5])
then
  return commit(0)
end
record.nextRunTime = tonumber(ARGV[8]) or cjson.null
for _, tick in ipairs(cjson.decode(ARGV[9])) do
  cron.fireTick(record, tick, ARGV[6], tonumber(ARGV[7]))
end
cron.keep(record)
cron.report(record, 'fired')
return commit(1)
