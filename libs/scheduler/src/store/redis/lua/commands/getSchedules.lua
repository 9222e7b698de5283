#!lua flags=no-writes
-- One schedule, or a page of all by a cursor.
-- ARGV: context, operation (none), id | '', cursor   Returns: next cursor ('0': end), JSON texts...
-- An unreadable schedule is left out.
-- @include keys
-- @include scheduleRecords
local found, schedules = { '0' }, nil
if ARGV[3] ~= '' then
  schedules = { ARGV[3], redis.call('HGET', keys.schedules, ARGV[3]) }
else
  -- A schedule may have a payload of 256 kB.
  local page = redis.call('HSCAN', keys.schedules, ARGV[4], 'COUNT', 8)
  found[1], schedules = page[1], page[2]
end
for i = 1, #schedules, 2 do
  if scheduleRecords.parse(schedules[i], schedules[i + 1]) then
    found[#found + 1] = schedules[i + 1]
  end
end
return found
