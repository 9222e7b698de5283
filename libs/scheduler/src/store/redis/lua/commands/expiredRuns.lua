#!lua flags=no-writes
-- Runs past their bound: their own timeout plus one lease as grace for the worker, or the store's maximum.
-- ARGV: context, operation (none), limit, cursor ('0': begin)
-- Returns: next cursor ('0': end), then for each run: id, lease token, task, run, failures, bound, ';' with its retry
--   budget
-- @include queries
runTable.cursor = ARGV[4]
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
found[1] = runTable.cursor
return found
