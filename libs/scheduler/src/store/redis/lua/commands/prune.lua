#!lua flags=allow-oom
-- Drops expired history and idempotency keys, and batches that were aborted or not committed in time.
-- ARGV: context, operation, limit   Returns: { done, more }, effects
-- @include verb
-- @include bulkInsert
local limit = tonumber(ARGV[3])
local batches = bulkInsert.prune()
local done, isOver = trim.all(limit)
done = done + batches
for _, key in ipairs(call('ZRANGEBYSCORE', keys.idempotencyEnds, '-inf', tables:steadyTime(), 'LIMIT', 0, limit)) do
  call('ZREM', keys.idempotencyEnds, key)
  call('HDEL', keys.idempotency, key)
  done = done + 1
end
trim.index(limit)
return commit({ done, (batches > 0 or isOver or done >= limit) and 1 or 0 })
