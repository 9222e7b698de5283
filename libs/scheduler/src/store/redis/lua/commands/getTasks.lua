#!lua flags=no-writes
-- Mirrors of definitions: one, or all.
-- ARGV: frame, operation (none), taskId | ''   Returns: JSON texts
-- @include keys
if ARGV[3] ~= '' then
  return { redis.call('HGET', keys.tasks, ARGV[3]) }
end
return redis.call('HVALS', keys.tasks)
