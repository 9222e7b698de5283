#!lua flags=allow-oom
-- Admits some executions of the oldest accepted batch.
-- ARGV: frame, operation, batch   Returns: 1 | 0 (none of that batch is left), effects
-- @include verb
-- @include intake
intake.step()
return commit(call('LPOS', keys.accepted, ARGV[3]) and 1 or 0)
