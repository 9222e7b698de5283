#!lua flags=allow-oom
-- Resumes a schedule with its next tick.
-- ARGV: context, operation, id, next tick | ''   Returns: 1 | 0 (not found), effects
-- @include verb
return commit(engine.schedule.resume(tables, ARGV[3], tonumber(ARGV[4])) and 1 or 0)
