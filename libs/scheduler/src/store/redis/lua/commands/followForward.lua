#!lua flags=allow-oom
-- Follows a step forward of the server's clock, which a node has found by its monotonic clock.
-- ARGV: context, operation (none), ms by which the clock stepped   Returns: { 1 | 0 (followed already), effects }
-- @include verb
-- @include clock
return commit(clock.followForward(tonumber(ARGV[3])) and 1 or 0)
