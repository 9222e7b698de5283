-- FAILED, CANCELLED, SKIPPED -> PENDING, with a fresh budget.
-- ARGV: frame, operation, executionId   Returns: 1 | 0 (not found, or in no such state), effects
-- @include verb
local row = rows.get(ARGV[3])
if not row or not (row.status == 'FAILED' or row.status == 'CANCELLED' or row.status == 'SKIPPED') then
  return commit(0)
end
engine.finish.reopen(tables, row)
return commit(1)
