#!lua flags=allow-oom
-- Sets a queue's limits for every node. If its runs are not counted yet, `countRuns` and maintenance continue the count.
-- ARGV: context, operation, queue, declaring app | '', max | '', per | '', concurrency | ''
-- Returns: 1 | 0 (runs are not all counted), effects
-- @include verb
local declaredBy = ARGV[4] ~= '' and ARGV[4] or nil
local asked = { max = tonumber(ARGV[5]), per = tonumber(ARGV[6]), concurrency = tonumber(ARGV[7]) }
local queue = queueTable.find(ARGV[3])
engine.queue.configure(tables, queue, asked, declaredBy)
if queue.isCounting and runCounts.step() then
  effects.push({ 'due', now })
  return commit(0)
end
return commit(1)
