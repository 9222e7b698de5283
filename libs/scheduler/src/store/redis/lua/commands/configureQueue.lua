#!lua flags=allow-oom
-- Sets a queue's limits for every node.
-- ARGV: frame, operation, queue, app that declares them | '', max | '', per | '', concurrency | ''   Returns: 1, effects
-- @include verb
local declaredBy = ARGV[4] ~= '' and ARGV[4] or nil
queue.configure(ARGV[3], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), declaredBy)
return commit(1)
