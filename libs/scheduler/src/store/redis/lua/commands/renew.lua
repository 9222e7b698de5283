#!lua flags=allow-oom
-- Renews the worker's lease and the locks of its runs, of some of them at a time, for a process that may be too busy to beat. Nobody there would
-- hear effects, so that there are none: dependents are told by the next verb.
-- ARGV: context, operation (none), workerId, 1 if its process stands still: then nothing is handed over to it any more,
--   where to go on among its runs ('0': begin)
-- Returns: { 1 | 0 (unknown), the store's time, where to go on | '' }
-- @include verb
local found = workerTable:get(ARGV[3])
if not found then
  return { 0, now, '' }
end
workerRuns.cursor = ARGV[5] or '0'
engine.worker.renew(tables, found)
if ARGV[4] == '1' then
  call('HDEL', keys.idle, found.id)
end
rows.save()
lockTable.save()
context.save()
return { 1, now, workerRuns.cursor }
