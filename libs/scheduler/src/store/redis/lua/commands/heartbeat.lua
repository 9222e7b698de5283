#!lua flags=allow-oom
-- Renews the worker's lease and the locks of its runs, of some of them at a time: as long as there are others it is called again.
-- ARGV: frame, operation, workerId, time at which the beat was made | '',
--   time before which the worker knows of all that it has claimed | '', both of the first call only,
--   where to go on among its runs ('0': begin, '': all were looked at), number of runs asked for, executionId and attempt of
--   each, then executionIds of other runs that it has, of the first call only
-- Returns: { known, asked to cancel (id, attempt, ...), lost (id, attempt, ...), how many of those asked for were looked at,
--   where to go on among its runs | '' }, effects
-- @include verb
local HAND_OVER_PATIENCE_MS = 2000
local id, madeAt = ARGV[3], tonumber(ARGV[4])
local runs, ids, named = {}, {}, {}
local othersFrom = 8 + 2 * tonumber(ARGV[7])
for i = 8, othersFrom - 1, 2 do
  runs[#runs + 1] = settle.run(ARGV[i], ARGV[i + 1])
  ids[#ids + 1] = ARGV[i]
end
local examined = workerRuns.fetch(ids)
for i = examined + 1, #runs do
  runs[i] = nil
end
for i = othersFrom, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
for _, each in ipairs(ids) do
  named[each] = true
end
workerRuns.cursor = ARGV[6]
local found = engine.worker.heartbeat(tables, id, runs)

local function texts(tokens)
  local flat = {}
  for _, token in ipairs(tokens) do
    flat[#flat + 1] = token.executionId
    flat[#flat + 1] = tostring(token.leaseToken)
  end
  return flat
end

local lost = texts(found.lost)
if not found.known then
  return commit({ 0, {}, lost, examined, '' })
end
callAll('HDEL', keys.handed, ids)
-- What was handed over and not named in a beat that was made long after was lost on its way. Should it come all the same,
-- the worker sees its age, and does not begin it. By the time at which the beat was made, since it may be late itself. A worker
-- takes a moment to know of a step back of the clock.
local waits = call('HGETALL', keys.handed)
local beatAt = madeAt and frame.steadyAt(math.min(madeAt, now))
for i = 1, #waits, 2 do
  local to, since = string.match(waits[i + 1], '^(.*)|(%d+)$')
  local isOld = to == id and beatAt and tonumber(since) + HAND_OVER_PATIENCE_MS < beatAt
  if isOld and rows.bytes <= STEP_BYTES then
    local row = rows.get(waits[i])
    if row and row.status == 'RUNNING' and row.workerId == id then
      engine.settle.release(tables, row)
    else
      call('HDEL', keys.handed, waits[i])
    end
  end
end
-- What is said to run here and is not named, though the worker knows of all that it has claimed until then: its claim was
-- lost on its way, or this server has come back with older data.
local UNNAMED_MS = 2000
local knownUntil = tonumber(ARGV[5])
if knownUntil and knownUntil <= now then
  local count = workerRuns.returnUnnamed(id, named, knownUntil - UNNAMED_MS)
  if count > 0 then
    frame.count('returned', count)
    effects.push({ 'returned', id, count, now })
  end
end
return commit({ 1, texts(found.cancelRequested), lost, examined, workerRuns.cursor })
