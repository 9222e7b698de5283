#!lua flags=no-writes
-- Workers, in the order in which they joined.
-- ARGV: frame, operation (none)   Returns: JSON texts
-- @include look
local leases = call('ZRANGE', keys.leases, 0, -1, 'WITHSCORES')
local found = {}
for i = 1, #leases, 2 do
  found[#found + 1] = { worker.get(leases[i]).joined, cjson.encode(inspect.worker(leases[i], leases[i + 1])) }
end
table.sort(found, function(a, b)
  return a[1] < b[1]
end)
local texts = {}
for i, each in ipairs(found) do
  texts[i] = each[2]
end
return texts
