#!lua flags=no-writes
-- One schedule, or a page of all by a cursor.
-- ARGV: context, operation (none), id | '', cursor   Returns: next cursor ('0': end), JSON texts...
-- @include keys
if ARGV[3] ~= '' then
  return { '0', redis.call('HGET', keys.schedules, ARGV[3]) }
end
-- A schedule may have a payload of 256 kB.
local page = redis.call('HSCAN', keys.schedules, ARGV[4], 'COUNT', 8)
local found = { page[1] }
for i = 2, #page[2], 2 do
  found[#found + 1] = page[2][i]
end
return found
