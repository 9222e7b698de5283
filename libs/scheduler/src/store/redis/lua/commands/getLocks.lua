#!lua flags=no-writes
-- Locks, one that is not past its time or all: JSON texts.
-- ARGV: frame, operation (none), key | ''   Returns: JSON texts
-- @include look
local names = ARGV[3] ~= '' and { ARGV[3] } or call('HKEYS', keys.locks)
local found = {}
for _, key in ipairs(names) do
  local record = call('HGET', keys.locks, key)
  local each = record and cmsgpack.unpack(record)
  local late = each and (each.holder or each.handle) and each.at <= now
  if each and not (late and ARGV[3] ~= '') then
    found[#found + 1] = cjson.encode(inspect.lock(key, each))
  end
end
return found
