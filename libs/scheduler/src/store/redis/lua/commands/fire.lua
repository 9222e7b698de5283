-- Fires ticks of schedules. A schedule that changed since the decision is left as it is.
-- ARGV: context, operation, then for each schedule: FireRequest of engine/records.ts, JSON
-- Returns: for each 1 | 0 (another node was first, or the schedule changed), effects
-- @include verb
local requests, scheduleIds, executionIds, fired = {}, {}, {}, {}
for i = 3, #ARGV do
  local request = cjson.decode(ARGV[i])
  requests[#requests + 1] = request
  scheduleIds[#scheduleIds + 1] = request.scheduleId
  for _, tick in ipairs(request.ticks) do
    executionIds[#executionIds + 1] = tick.executionId
  end
end
rows.fetch(executionIds)
-- Most last executions have ended alone, and their states say so without their records.
readSome(scheduleTable.fetch(scheduleIds), STEP_BYTES, function(part)
  local others, bytes = {}, 0
  for i, state in ipairs(readAll('HMGET', keys.state, part)) do
    if state and fields.endedAlone(state) then
      tables.endedAlone[part[i]] = true
    else
      others[#others + 1] = part[i]
    end
    bytes = bytes + (state and #state or 0)
  end
  rows.fetch(others)
  return bytes
end)
for i, request in ipairs(requests) do
  fired[i] = engine.schedule.fire(tables, request) and 1 or 0
end
return commit(fired)
