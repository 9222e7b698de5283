#!lua flags=allow-oom
-- PENDING, RETRYING -> CANCELLED at once; RUNNING is asked, and ended after the grace.
-- ARGV: context, operation, executionId, grace   Returns: { its status before, and after } | '' (not found), effects
-- @include verb
local row = rows.get(ARGV[3])
if not row then
  return commit('')
end
local was = row.status
engine.cancel.cancel(tables, row, tonumber(ARGV[4]))
return commit({ was, row.status })
