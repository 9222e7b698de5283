#!lua flags=allow-oom
-- Renews the worker's lease and the locks of its runs, of some of them at a time: as long as there are others it is called again.
-- ARGV: context, operation, workerId, time at which the beat was made | '',
--   time before which the worker knows of all that it has claimed | '', number of runs that it has,
--   where to go on among its runs ('0': begin, '': all were looked at), number of runs asked for, executionId and attempt of
--   each, then executionIds of runs that were found by an earlier call and that it does not have
-- Returns: { known, asked to cancel (id, attempt, ...), lost (id, attempt, ...), how many of those asked for were looked at,
--   where to go on among its runs | '', runs that it should have and that this call does not name (id, number of the claim, ...),
--   how many that it does not have are left }, effects
-- @include verb
-- @include unnamedRuns
local id, count = ARGV[3], tonumber(ARGV[6])
local runs, ids, named, lacking = {}, {}, {}, {}
local lackingFrom = 9 + 2 * tonumber(ARGV[8])
for i = 9, lackingFrom - 1, 2 do
  runs[#runs + 1] = settle.run(ARGV[i], ARGV[i + 1])
  ids[#ids + 1] = ARGV[i]
  named[ARGV[i]] = true
end
for i = lackingFrom, #ARGV do
  lacking[#lacking + 1] = ARGV[i]
end
local examined = workerRuns.fetch(id, ids)
for i = examined + 1, #runs do
  runs[i] = nil
end
workerRuns.cursor = ARGV[7]
unnamedRuns.since(tonumber(ARGV[4]), tonumber(ARGV[5]))
-- Where it has no more runs than it names, there is none to find; one that is lost is named once more at most.
if call('HLEN', keys.running(id)) - 1 > count then
  workerRuns.walked = { ids = {}, entries = {} }
end
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
  return commit({ 0, {}, lost, examined, '', {}, 0 })
end
callAll('HDEL', keys.dispatched, ids)
local unnamed = workerRuns.walked and unnamedRuns.among(id, workerRuns.walked, named) or {}
local left = #lacking > 0 and unnamedRuns.take(id, lacking) or 0
return commit({ 1, texts(found.cancelRequested), lost, examined, workerRuns.cursor, unnamed, left })
