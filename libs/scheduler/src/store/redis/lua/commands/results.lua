#!lua flags=no-writes
-- What an execution's dependencies have left, from one edge on, as far as one reply goes.
-- ARGV: context, operation (none), executionId, edge
-- Returns: { edge to go on from (0: that was all), { ref, result or nil, ... } }
-- @include queries
local row = rows.get(ARGV[3])
if not row or not row.edgeCount then
  return { 0, {} }
end
local found, left = edges.results(row, tonumber(ARGV[4]))
return { left, found }
