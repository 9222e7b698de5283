#!lua flags=no-writes
-- The results of an execution's upstreams, from one edge on, up to the size of one reply.
-- ARGV: context, operation (none), executionId, index of the edge
-- Returns: { next index (0: end), { ref, result or nil, ... } }
-- @include queries
local row = rows.get(ARGV[3])
if not row or not row.edgeCount then
  return { 0, {} }
end
local found, left = edges.results(row, tonumber(ARGV[4]))
return { left, found }
