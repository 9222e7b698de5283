-- Fires ticks of schedules. A schedule that changed since the decision is left as it is.
-- ARGV: context, operation, then for each schedule: FireRequest of engine/records.ts, JSON
-- Returns: for each 1 | 0 (another node was first, or the schedule changed), effects
-- @include verb
local requests, scheduleIds, fired = {}, {}, {}
-- Executions of these ticks, where they exist, and the last ones of the schedules.
local executionIds = {}
for i = 3, #ARGV do
  local request = cjson.decode(ARGV[i])
  requests[#requests + 1] = request
  scheduleIds[#scheduleIds + 1] = request.scheduleId
  for _, tick in ipairs(request.ticks) do
    executionIds[#executionIds + 1] = tick.executionId
  end
end
for _, id in ipairs(scheduleTable.fetch(scheduleIds)) do
  executionIds[#executionIds + 1] = id
end
readSome(executionIds, STEP_BYTES, function(part)
  local bytesBefore = rows.bytes
  rows.fetch(part)
  return rows.bytes - bytesBefore
end)
for i, request in ipairs(requests) do
  fired[i] = engine.schedule.fire(tables, request) and 1 or 0
end
return commit(fired)
