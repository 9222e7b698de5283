-- Fires ticks of schedules, of each if it still is what the decision saw.
-- ARGV: context, operation, then of each schedule: FireRequest of engine/records.ts, JSON
-- Returns: for each 1 | 0 (another node was first, or it changed), effects
-- @include verb
local fired = {}
for i = 3, #ARGV do
  fired[#fired + 1] = engine.schedule.fire(tables, cjson.decode(ARGV[i])) and 1 or 0
end
return commit(fired)
