#!lua flags=no-writes
-- Schedules: one, or all.
-- ARGV: frame, operation (none), id | ''   Returns: JSON texts
-- @include keys
if ARGV[3] ~= '' then
  return { redis.call('HGET', keys.schedules, ARGV[3]) }
end
return redis.call('HVALS', keys.schedules)
