#!lua flags=no-writes
-- Runs past their bound: their own timeout (with a lease of patience for the worker), or the store's.
-- ARGV: context, operation (none), limit, where to go on ('0': begin)
-- Returns: where to go on ('0': that was all), then of each id, attempt, task, run, failures, bound, ';' and its budget
-- @include queries
runTable.place = ARGV[4]
local found = { '' }
for _, run in ipairs(engine.worker.expired(tables, tonumber(ARGV[3]))) do
  local row = run.execution
  local figures = {
    row.id,
    tostring(row.leaseToken),
    row.task,
    tostring(row.runs),
    tostring(row.failures),
    tostring(run.bound),
    row.budget,
  }
  for _, value in ipairs(figures) do
    found[#found + 1] = value
  end
end
found[1] = runTable.place
return found
