#!lua flags=allow-oom
-- Records that an app still declares these schedules. Removes some of those that it has not declared for too long.
-- ARGV: context, operation, app, whether no other release of it declares any (1 | 0), whether these are the last (1 | 0),
--   ids...
-- Returns: { removed ids, whether more may have to be removed (1 | 0) }, effects
-- @include verb
local ids, removed = {}, {}
for i = 6, #ARGV do
  ids[#ids + 1] = ARGV[i]
end
engine.schedule.declare(tables, ARGV[3], ids, ARGV[4] == '1')
if ARGV[5] == '1' then
  removed = engine.schedule.removeUndeclared(tables, ARGV[3])
end
return commit({ removed, scheduleTable.mayBeMore and 1 or 0 })
