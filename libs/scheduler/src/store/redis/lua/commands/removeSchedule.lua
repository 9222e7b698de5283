#!lua flags=allow-oom
-- Removes a schedule.
-- ARGV: context, operation, id   Returns: 1 | 0 (not found), effects
-- @include verb
return commit(engine.schedule.remove(tables, ARGV[3]) and 1 or 0)
