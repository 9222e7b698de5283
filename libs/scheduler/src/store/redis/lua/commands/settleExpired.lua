#!lua flags=allow-oom
-- Settles a run for its worker, if the lease token is current.
-- ARGV: context, operation, executionId, lease token, kind, text, reason, delay   Returns: 1 | 0, effects
-- @include verb
local settlement = settle.read(ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8])
return commit(engine.settle.settleExpired(tables, settlement) and 1 or 0)
