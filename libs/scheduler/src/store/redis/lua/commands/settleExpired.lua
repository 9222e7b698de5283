#!lua flags=allow-oom
-- Settles a run on behalf of whoever holds it, if the token is current.
-- ARGV: frame, operation, executionId, attempt, kind, text, reason, delay   Returns: 1 | 0, effects
-- @include verb
local row = settle.current(ARGV[3], tonumber(ARGV[4]))
if row then
  settle.apply(row, ARGV[5], ARGV[6], ARGV[7] ~= '' and ARGV[7] or nil, tonumber(ARGV[8]))
end
return commit(row and 1 or 0)
