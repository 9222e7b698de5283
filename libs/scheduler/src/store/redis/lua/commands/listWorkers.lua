#!lua flags=no-writes
-- The ids of all workers, or the views of some.
-- ARGV: context, operation (none), ids...   Returns: ids | for each worker: number of its registration, JSON text
-- @include queries
if #ARGV == 2 then
  return call('ZRANGE', keys.leases, 0, -1)
end
local found = {}
for i = 3, #ARGV do
  local each, lease = workerTable:get(ARGV[i]), call('ZSCORE', keys.leases, ARGV[i])
  if each and lease then
    found[#found + 1] = tostring(each.joined)
    found[#found + 1] = cjson.encode(inspect.worker(ARGV[i], lease))
  end
end
return found
