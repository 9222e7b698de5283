#!lua flags=allow-oom
-- Brings back the runs of workers whose lease is over.
-- ARGV: frame, operation, limit   Returns: { done, more }, effects
-- @include verb
local limit = tonumber(ARGV[3])
local done, more = worker.rescueLost(limit)
return commit({ done, more and 1 or 0 })
