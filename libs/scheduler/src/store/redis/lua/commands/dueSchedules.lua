#!lua flags=allow-oom
-- Schedules whose next tick is due, earliest first. An unreadable schedule is set aside.
-- ARGV: context, operation (none), limit, how many to skip   Returns: { now, first tick after those | '', effects, JSON texts... }
-- @include keys
-- @include context
-- @include effects
-- @include aside
-- @include scheduleRecords
local skip = tonumber(ARGV[4])
local ids = call('ZRANGEBYSCORE', keys.ticks, '-inf', now, 'LIMIT', skip, tonumber(ARGV[3]))
local found = { now, '', '' }
readSome(ids, STEP_BYTES, function(part)
  local bytes = 0
  for i, text in ipairs(readAll('HMGET', keys.schedules, part)) do
    local id = part[i]
    local schedule = scheduleRecords.parse(id, text)
    if schedule and schedule.nextRunTime then
      found[#found + 1] = text
    else
      call('ZREM', keys.ticks, id)
      call('HDEL', keys.schedules, id)
      aside.put('schedule', id, 'a schedule that is unreadable', { text })
    end
    bytes = bytes + #(text or '')
  end
  return bytes
end)
-- Schedules that were set aside are no longer in `keys.ticks`.
local place = skip + #found - 3
local after = call('ZRANGE', keys.ticks, place, place, 'WITHSCORES')
found[2], found[3] = after[2] or '', effects.publish()
context.save()
return found
