#!lua flags=allow-oom
-- Schedules whose next tick has come, earliest first. One that cannot be read is set aside.
-- ARGV: frame, operation (none), limit   Returns: { now, tick after those | '', effects, JSON texts... }
-- @include keys
-- @include frame
-- @include effects
-- @include aside
local limit = tonumber(ARGV[3])
local ids = call('ZRANGEBYSCORE', keys.ticks, '-inf', now, 'LIMIT', 0, limit)
local after = call('ZRANGE', keys.ticks, #ids, #ids, 'WITHSCORES')
local found = { now, after[2] or '', '' }
for _, id in ipairs(ids) do
  local text = call('HGET', keys.schedules, id)
  local ok, record = pcall(cjson.decode, text or '')
  if ok and type(record) == 'table' and record.id == id and type(record.nextRunTime) == 'number' then
    found[#found + 1] = text
  else
    call('ZREM', keys.ticks, id)
    call('HDEL', keys.schedules, id)
    aside.put('schedule', id, 'a schedule that is unreadable', { text })
  end
end
found[3] = effects.publish()
frame.save()
return found
