#!lua flags=allow-oom
-- Renews the worker's lease and the locks of some of its runs, for a process that may be too busy to send heartbeats. Such
-- a process cannot receive effects, so there are none: the next verb propagates to dependents.
-- ARGV: context, operation (none), workerId, 1 if its process is blocked (which stops direct dispatch to it), cursor among
--   its runs ('0': begin)
-- Returns: { 1 | 0 (unknown), store's time, next cursor | '' }
-- @include verb
local worker = workerTable:get(ARGV[3])
if not worker then
  return { 0, now, '' }
end
workerRuns.cursor = ARGV[5] or '0'
engine.worker.renew(tables, worker)
if ARGV[4] == '1' then
  call('HDEL', keys.idle, worker.id)
end
rows.save()
lockTable.save()
context.save()
return { 1, now, workerRuns.cursor }
