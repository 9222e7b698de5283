#!lua flags=allow-oom
-- PENDING, RETRYING -> CANCELLED at once. A running execution is asked to stop, and ends after the grace period.
-- ARGV: context, operation, executionId, grace (ms)   Returns: { status before, status after } | '' (not found), effects
-- @include verb
local row = rows.get(ARGV[3])
if not row then
  return commit('')
end
local statusBefore = row.status
engine.cancel.cancel(tables, row, tonumber(ARGV[4]))
return commit({ statusBefore, row.status })
