#!lua flags=allow-oom
-- Renews the worker's lease and the locks of some of its runs. The worker calls it again while runs remain.
-- ARGV: context, operation, workerId, time at which the heartbeat was made | '', time before which the worker knows all of
--   its claims | '', number of its runs, cursor among its runs ('0': begin, '': end), number of named runs, executionId and
--   lease token of each, then executionIds of runs that an earlier call returned and that the worker does not have
-- Returns: { known, runs asked to cancel (id, lease token, ...), lost runs (id, lease token, ...), how many of the named
--   runs were examined, next cursor | '', runs that the worker should have and that this call does not name (id, claim
--   number, ...), how many of the runs that it does not have remain }, effects
-- @include verb
-- @include unnamedRuns
local id, count = ARGV[3], tonumber(ARGV[6])
local runs, ids, named, missing = {}, {}, {}, {}
local missingFrom = 9 + 2 * tonumber(ARGV[8])
for i = 9, missingFrom - 1, 2 do
  runs[#runs + 1] = settle.run(ARGV[i], ARGV[i + 1])
  ids[#ids + 1] = ARGV[i]
  named[ARGV[i]] = true
end
for i = missingFrom, #ARGV do
  missing[#missing + 1] = ARGV[i]
end
local examined = workerRuns.fetch(id, ids)
for i = examined + 1, #runs do
  runs[i] = nil
end
workerRuns.cursor = ARGV[7]
unnamedRuns.since(tonumber(ARGV[4]), tonumber(ARGV[5]))
-- If the store has no more runs of it than the worker named, there is nothing to search for. A lost run may be named once
-- more.
if call('HLEN', keys.running(id)) - 1 > count then
  workerRuns.examinedRuns = { ids = {}, entries = {} }
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
local unnamed = workerRuns.examinedRuns and unnamedRuns.among(id, workerRuns.examinedRuns, named) or {}
local left = #missing > 0 and unnamedRuns.take(id, missing) or 0
return commit({ 1, texts(found.cancelRequested), lost, examined, workerRuns.cursor, unnamed, left })
