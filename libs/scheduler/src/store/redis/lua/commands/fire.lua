-- Fires ticks of schedules, of each if it still is what the decision saw.
-- ARGV: frame, operation, then of each schedule: id, expected revision, expected tick, overlap, grace, next tick | '',
--   ticks (JSON)
-- Returns: for each 1 | 0 (another node was first, or it changed), effects
-- @include verb
local function fire(id, revision, expected, overlap, grace, next, ticks)
  local record = cron.get(id)
  if
    not record
    or record.paused
    or record.revision ~= tonumber(revision)
    or record.nextRunTime ~= tonumber(expected)
  then
    return 0
  end
  record.nextRunTime = tonumber(next) or cjson.null
  for _, tick in ipairs(cjson.decode(ticks)) do
    cron.fireTick(record, tick, overlap, tonumber(grace))
  end
  cron.keep(record)
  cron.report(record, 'fired')
  return 1
end

local fired = {}
for i = 3, #ARGV, 7 do
  fired[#fired + 1] = fire(ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], ARGV[i + 5], ARGV[i + 6])
end
return commit(fired)
