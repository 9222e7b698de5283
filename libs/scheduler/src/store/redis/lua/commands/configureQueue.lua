#!lua flags=allow-oom
-- Sets a queue's limits for every node.
-- ARGV: frame, operation, queue, app that declares them | '', max | '', per | '', concurrency | ''   Returns: 1, effects
-- @include verb
local declaredBy = ARGV[4] ~= '' and ARGV[4] or nil
local asked = { max = tonumber(ARGV[5]), per = tonumber(ARGV[6]), concurrency = tonumber(ARGV[7]) }
engine.queue.configure(tables, queueTable.find(ARGV[3]), asked, declaredBy)
return commit(1)
