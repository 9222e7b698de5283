-- FAILED, CANCELLED, SKIPPED -> PENDING, with a new retry budget.
-- ARGV: context, operation, executionId   Returns: { status before, status after } | '' (not found), effects
-- @include verb
local row = rows.get(ARGV[3])
if not row then
  return commit('')
end
local statusBefore = row.status
engine.finish.reopen(tables, row)
return commit({ statusBefore, row.status })
