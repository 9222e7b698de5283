#!lua flags=no-writes
-- A page of queue names by a cursor.
-- ARGV: context, operation (none), '', cursor   Returns: next cursor ('0': end), names...
-- @include keys
local AT_ONCE = 250
local page = redis.call('HSCAN', keys.queues, ARGV[4], 'COUNT', AT_ONCE)
local found = { page[1] }
for i = 1, #page[2], 2 do
  found[#found + 1] = page[2][i]
end
return found
