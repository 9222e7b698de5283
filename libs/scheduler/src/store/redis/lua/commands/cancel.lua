#!lua flags=allow-oom
-- PENDING, RETRYING -> CANCELLED at once; RUNNING is asked, and ended after the grace.
-- ARGV: frame, operation, executionId, grace   Returns: 1 | 0 (not found, or already ended), effects
-- @include verb
local row = rows.get(ARGV[3])
return commit(row and engine.cancel.cancel(tables, row, tonumber(ARGV[4])) and 1 or 0)
