#!lua flags=allow-oom
-- Renews the worker's lease and the locks of its runs.
-- ARGV: frame, operation, workerId, time at which the beat was made | '',
--   time before which the worker knows of all that it has claimed | '', then executionId and attempt of each run
-- Returns: { known, asked to cancel (id, attempt, ...), lost (id, attempt, ...) }, effects
-- @include verb
local HAND_OVER_PATIENCE_MS = 2000
local id, madeAt = ARGV[3], tonumber(ARGV[4])
local found = workerTable:get(id)
local lost, asked = {}, {}
if not found then
  for i = 6, #ARGV do
    lost[#lost + 1] = ARGV[i]
  end
  return commit({ 0, asked, lost })
end
local held, others = worker.renew(id)
for _, row in ipairs(others) do
  if row.cancelRequestedAt > 0 then
    asked[#asked + 1] = { row.claimNumber, row.id, row.leaseToken }
  end
end
table.sort(asked, function(a, b)
  return a[1] < b[1]
end)
local cancels = {}
for _, each in ipairs(asked) do
  cancels[#cancels + 1] = each[2]
  cancels[#cancels + 1] = tostring(each[3])
end
local named = {}
for i = 6, #ARGV, 2 do
  local runId, attempt = ARGV[i], tonumber(ARGV[i + 1])
  local row = held[runId] and settle.current(runId, attempt)
  if not row then
    lost[#lost + 1] = runId
    lost[#lost + 1] = ARGV[i + 1]
  end
  call('HDEL', keys.handed, runId)
  named[runId] = true
end
-- What was handed over and not named in a beat that was made long after was lost on its way. Should it come all the same,
-- the worker sees its age, and does not begin it. By the time at which the beat was made, since it may be late itself.
local waits = call('HGETALL', keys.handed)
for i = 1, #waits, 2 do
  local to, since = string.match(waits[i + 1], '^(.*)|(%d+)$')
  if to == id and madeAt and tonumber(since) + HAND_OVER_PATIENCE_MS < madeAt then
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
  local count = worker.returnUnnamed(id, named, knownUntil - UNNAMED_MS)
  if count > 0 then
    frame.count('returned', count)
    effects.push({ 'returned', id, count, now })
  end
end
return commit({ 1, cancels, lost })
