#!lua flags=allow-oom
-- A batch that is being gathered comes to nothing.
-- ARGV: frame, operation, batch   Returns: 1, effects
-- @include verb
-- @include intake
intake.refuse(ARGV[3])
return commit(1)
