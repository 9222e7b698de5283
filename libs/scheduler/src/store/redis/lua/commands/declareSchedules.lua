#!lua flags=allow-oom
-- Says that an app still declares these schedules; removes those it has not declared for too long.
-- ARGV: frame, operation, app, remove others now (1 | 0), patience, ids...   Returns: ids removed, effects
-- @include verb
local declared = {}
for i = 6, #ARGV do
  declared[ARGV[i]] = true
end
local found, removed = {}, {}
for _, id in ipairs(call('HKEYS', keys.schedules)) do
  found[#found + 1] = cron.get(id)
end
table.sort(found, function(a, b)
  return a.id < b.id
end)
for _, record in ipairs(found) do
  if record.declaredBy == ARGV[3] then
    if declared[record.id] then
      record.declaredTime = now
      cron.keep(record)
    elseif ARGV[4] == '1' or record.declaredTime + tonumber(ARGV[5]) <= now then
      removed[#removed + 1] = record.id
      cron.remove(record)
    end
  end
end
return commit(removed)
