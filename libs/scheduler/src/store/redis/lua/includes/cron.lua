-- Schedules, each a JSON record as its users see it; the next ticks stand in a zset of their own.
local cron = {}

local null = cjson.null

function cron.get(id)
  local record = call('HGET', keys.schedules, id)
  local ok, found = pcall(cjson.decode, record or '')
  return ok and type(found) == 'table' and found or nil
end

-- Keeps a record, and its next tick where it will fire.
function cron.keep(record)
  call('HSET', keys.schedules, record.id, cjson.encode(record))
  if record.nextRunTime == null or record.paused then
    call('ZREM', keys.ticks, record.id)
  else
    call('ZADD', keys.ticks, record.nextRunTime, record.id)
  end
end

function cron.report(record, change)
  effects.push({ 'schedule', change, record.id, record.taskId, now })
  if record.nextRunTime ~= null and not record.paused then
    effects.push({ 'due', record.nextRunTime })
  end
end

function cron.remove(record)
  call('HDEL', keys.schedules, record.id)
  call('HDEL', keys.scheduleRuns, record.id)
  call('ZREM', keys.ticks, record.id)
  cron.report(record, 'removed')
end

-- The execution of the schedule that is under way, or nil.
local function underWay(id)
  local newest = call('HGET', keys.scheduleRuns, id)
  local row = newest and rows.get(newest)
  if row and not rows.isTerminal(row) then
    return row
  end
  return nil
end

-- One tick, by the overlap policy: beside, instead of, behind or in place of the execution under way.
-- Returns the tick's record, changed.
function cron.fireTick(record, tick, overlap, grace)
  local same = rows.get(tick.id)
  if same and same.createdAt <= now then
    return
  elseif same then
    -- It was created by a time before the clock went back: this instant has come again.
    tick.id = tick.id .. ':' .. string.format('%d', frame.next())
  end
  local current = underWay(record.id)
  local extra = tick.extra
  extra.schedule = record.id
  if tick.leaveOut or (current and overlap == 'skip') then
    create.leftOut(tick.id, tick.part, extra, tick.leaveOut and (tick.reason or 'MISFIRED') or 'OVERLAP')
    return
  end
  if current and (overlap == 'queue' or overlap == 'cancel') then
    extra.edges = extra.edges or {}
    table.insert(extra.edges, {
      taskId = current.task,
      ref = '$previous',
      type = 'always',
      reuse = true,
      to = current.id,
    })
  end
  create.store(tick.id, tick.part, extra)
  call('HSET', keys.scheduleRuns, record.id, tick.id)
  record.lastRunTime = tick.time
  record.lastExecutionId = tick.id
  if current and overlap == 'cancel' then
    engine.cancel.cancel(tables, current, grace)
  end
end
