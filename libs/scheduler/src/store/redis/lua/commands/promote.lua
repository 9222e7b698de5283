#!lua flags=allow-oom
-- Makes due executions ready, decides edges and ends waits whose deadline has passed, inserts committed batches.
-- ARGV: context, operation, limit   Returns: { done, more, next due instant | '' }, effects
-- @include verb
-- @include bulkInsert
-- @include clock
local isMore = clock.followSteps()
local limit = tonumber(ARGV[3])
local more = orphans.step() or isMore
more = (context.hasLimits and runCounts.step()) or more
stepTable.takeKnown()
local done = engine.queue.promote(tables, limit)
  + engine.dependency.timeOut(tables, limit)
  + engine.worker.endWaits(tables)
  + engine.lock.expire(tables)
engine.queue.wakeRefilled(tables)
more = bulkInsert.step() or more or call('EXISTS', keys.continuation) == 1
lockTable.save()
local next = engine.queue.nextDue(tables)
return commit({ done, (more or (next and next <= now)) and 1 or 0, next and tostring(next) or '' })
