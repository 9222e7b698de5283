-- Fires ticks of schedules. A schedule that changed since the decision is left as it is.
-- ARGV: context, operation, then for each schedule: FireRequest of engine/records.ts, JSON
-- Returns: for each 1 | 0 (another node was first, or the schedule changed), effects
-- @include verb
local fired = {}
for i = 3, #ARGV do
  fired[#fired + 1] = engine.schedule.fire(tables, cjson.decode(ARGV[i])) and 1 or 0
end
return commit(fired)
