#!lua flags=no-writes
-- Locks: one that is not past its time; or some of all, by a cursor.
-- ARGV: frame, operation (none), key | '', cursor   Returns: next cursor ('0': none), JSON texts...
-- @include look
local AT_ONCE = 200
local found = { '0' }
local function add(key, record)
  local each = record and cmsgpack.unpack(record)
  local late = each and (each.holder or each.handle) and each.at <= now
  if each and not (late and ARGV[3] ~= '') then
    found[#found + 1] = cjson.encode(inspect.lock(key, each))
  end
end
if ARGV[3] ~= '' then
  add(ARGV[3], call('HGET', keys.locks, ARGV[3]))
else
  local page = call('HSCAN', keys.locks, ARGV[4], 'COUNT', AT_ONCE)
  found[1] = page[1]
  for i = 1, #page[2], 2 do
    add(page[2][i], page[2][i + 1])
  end
end
return found
