#!lua flags=allow-oom
-- Recovers the runs of workers whose lease has expired.
-- ARGV: context, operation, limit   Returns: { done, more }, effects
-- @include verb
local limit = tonumber(ARGV[3])
local done = engine.worker.rescueLost(tables, limit)
return commit({ done, (done == limit or rows.bytes > STEP_BYTES) and 1 or 0 })
