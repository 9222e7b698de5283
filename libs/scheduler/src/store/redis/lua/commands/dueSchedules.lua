#!lua flags=no-writes
-- Schedules whose next tick has come, earliest first.
-- ARGV: frame, operation (none), limit   Returns: { now, tick after those | '', JSON texts... }
-- @include keys
-- @include frame
local limit = tonumber(ARGV[3])
local ids = call('ZRANGEBYSCORE', keys.ticks, '-inf', now, 'LIMIT', 0, limit)
local after = call('ZRANGE', keys.ticks, #ids, #ids, 'WITHSCORES')
local found = { now, after[2] or '' }
for _, id in ipairs(ids) do
  found[#found + 1] = call('HGET', keys.schedules, id)
end
return found
