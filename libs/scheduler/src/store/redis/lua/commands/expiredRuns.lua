#!lua flags=no-writes
-- Runs past their bound: their own timeout (with a lease of patience for the worker), or the store's.
-- ARGV: frame, operation (none), limit   Returns: id, attempt, task, run, failures, bound, ';' and its budget, ...
-- @include look
local limit = tonumber(ARGV[3])
local found = {}
local function list(row, bound)
  if row and row.status == 'RUNNING' and #found < 7 * limit then
    local figures = {
      row.id,
      tostring(row.leaseToken),
      row.task,
      tostring(row.runs),
      tostring(row.failures),
      tostring(bound),
      row.budget,
    }
    for _, value in ipairs(figures) do
      found[#found + 1] = value
    end
  end
end
local past = {}
for _, member in ipairs(call('ZRANGEBYSCORE', keys.bounds, '-inf', now, 'LIMIT', 0, limit)) do
  local row = rows.get(string.sub(member, 14))
  if row then
    past[row.id] = true
    list(row, row.timeout)
  end
end
for _, id in ipairs(call('ZRANGE', keys.leases, 0, -1)) do
  local entries = call('HGETALL', keys.running(id))
  for i = 1, #entries, 2 do
    local started, number = string.match(entries[i + 1], '^%a(%d+)|(%d+)$')
    if started and started + steps.since(tonumber(number)) <= now - frame.maxAttempt and not past[entries[i]] then
      list(rows.get(entries[i]), frame.maxAttempt)
    end
  end
end
return found
