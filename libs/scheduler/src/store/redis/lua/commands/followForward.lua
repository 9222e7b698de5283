#!lua flags=allow-oom
-- Follows a forward step of the server's clock, which a node has detected by its monotonic clock.
-- ARGV: context, operation (none), ms of the step   Returns: { 1 | 0 (already followed), effects }
-- @include verb
-- @include clock
return commit(clock.followForward(tonumber(ARGV[3])) and 1 or 0)
