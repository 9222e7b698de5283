#!lua flags=no-writes
-- One lock that has not expired, or a page of all locks by a cursor.
-- ARGV: context, operation (none), key | '', cursor   Returns: next cursor ('0': end), JSON texts...
-- @include queries
local AT_ONCE = 200
local found = { '0' }
if ARGV[3] ~= '' then
  local lock = tables.locks:get(ARGV[3])
  if lock and not (engine.lock.isHeld(lock) and lock.at <= now) then
    found[2] = cjson.encode(inspect.lock(lock))
  end
else
  local page = call('HSCAN', keys.locks, ARGV[4], 'COUNT', AT_ONCE)
  found[1] = page[1]
  for i = 1, #page[2], 2 do
    found[#found + 1] = cjson.encode(inspect.lock(tables.locks.unpack(page[2][i], page[2][i + 1])))
  end
end
return found
