-- Stores progress and log lines of a run, if its lease token is current.
-- ARGV: context, operation, executionId, lease token, fraction | '', note | '', hasNote, log lines...   Returns: 1 | 0,
--   effects
-- @include verb
local row = engine.settle.current(tables, settle.run(ARGV[3], ARGV[4]))
if not row then
  return commit(0)
end
if ARGV[5] ~= '' then
  local note = ARGV[7] == '1' and ARGV[6] or false
  call('HSET', keys.progress, row.id, cmsgpack.pack({ ARGV[5], note, now }))
  row.hasProgress = 1
  effects.push({ 'progress', row.id, row.task, ARGV[5], note, now })
end
if #ARGV > 7 then
  for i = 8, #ARGV do
    call('RPUSH', keys.logs(row.id), ARGV[i])
    effects.push({ 'log', row.id, row.task, ARGV[i], now })
  end
  call('LTRIM', keys.logs(row.id), -limits.LOG_LINES_KEPT, -1)
  row.hasLogs = 1
end
rows.touch(row)
return commit(1)
