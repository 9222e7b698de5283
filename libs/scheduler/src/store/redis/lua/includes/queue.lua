-- Where an execution stands until it runs: by its time, then its dependencies, then in its queue.
local queue = {}

function queue.begin()
  queue.known, queue.tails = {}, {}
end

local NUMBERS = { 'max', 'per', 'concurrency', 'running' }

-- A queue's pause and rules as they are stored; none where they cannot be read.
function queue.read(record)
  local ok, kept = pcall(cmsgpack.unpack, record or '')
  if not ok or type(kept) ~= 'table' or (kept.max and not kept.per) then
    return {}
  end
  for _, name in ipairs(NUMBERS) do
    if kept[name] ~= nil and type(kept[name]) ~= 'number' then
      return {}
    end
  end
  return (kept.starts == nil or type(kept.starts) == 'table') and kept or {}
end

-- The queue of that name, made if need be. Its record is '' while it has neither pause nor rules.
function queue.get(name)
  local q = queue.known[name]
  if q then
    return q
  end
  local record = call('HGET', keys.queues, name)
  if not record then
    call('HSET', keys.queues, name, '')
  end
  q = queue.read(record)
  q.name = name
  queue.known[name] = q
  return q
end

function queue.save(q)
  local record = {
    paused = q.paused,
    max = q.max,
    per = q.per,
    concurrency = q.concurrency,
    declaredBy = q.declaredBy,
    declaredTime = q.declaredTime,
    running = q.running,
    starts = q.starts,
  }
  local plain = not q.paused and not q.max and not q.concurrency
  call('HSET', keys.queues, q.name, plain and '' or cmsgpack.pack(record))
end

-- Sets its limits; `declaredBy`: the app whose code declares them, nil where a call sets them.
function queue.configure(name, max, per, concurrency, declaredBy)
  local q = queue.get(name)
  local wasRuled = q.max ~= nil or q.concurrency ~= nil
  local isRuled = max ~= nil or concurrency ~= nil
  q.max, q.per, q.concurrency = max, per, concurrency
  q.starts = max and q.starts or nil
  q.declaredBy = isRuled and declaredBy or nil
  q.declaredTime = q.declaredBy and now or nil
  if isRuled and not wasRuled then
    -- What runs already was not counted, since nobody asked.
    q.running = 0
    for _, id in ipairs(call('ZRANGE', keys.leases, 0, -1)) do
      for _, record in ipairs(readAll('HMGET', keys.static, call('HKEYS', keys.running(id)))) do
        if record and records.fieldAt(record, records.skip(record, 1, 5)) == q.name then
          q.running = q.running + 1
        end
      end
    end
  end
  queue.save(q)
  if isRuled ~= wasRuled then
    call('HINCRBY', keys.meta, 'ruled', isRuled and 1 or -1)
  end
  effects.wake(q.name)
end

-- After a step back of the clock by `by` ms, or forward where it is negative.
function queue.shiftStarts(by)
  if not frame.ruled then
    return
  end
  for _, name in ipairs(call('HKEYS', keys.queues)) do
    local q = queue.get(name)
    if q.starts then
      for _, each in ipairs(q.starts) do
        each.from, each.at = each.from - by, each.at - by
      end
      queue.save(q)
    end
  end
end

-- Executions ready in a list, without what lies there and no longer counts.
function queue.size(name, level)
  local list = keys.ready(name, level)
  local coming = queue.tails[list]
  return call('LLEN', list) - (tonumber(call('HGET', keys.holes, list)) or 0) + (coming and #coming or 0)
end

-- An entry that no longer counts leaves its list. One whose execution is gone was never counted as such.
function queue.forgetHole(list)
  if call('HINCRBY', keys.holes, list, -1) < 0 then
    call('HSET', keys.holes, list, 0)
  end
end

-- The instant from which on another start keeps the rate limit; 0: any.
local function roomAt(q)
  return engine.rateLimit.roomAt(q.starts or {}, q.max, q.per)
end

-- Whether the queue's own limits let another start happen now.
function queue.hasRoom(q)
  if q.concurrency and (q.running or 0) >= q.concurrency then
    return false
  end
  if not q.max then
    return true
  end
  local at = roomAt(q)
  if at <= now then
    return true
  end
  effects.push({ 'due', at })
  return false
end

-- As hasRoom, but only looks.
function queue.roomLeft(q)
  if q.concurrency and (q.running or 0) >= q.concurrency then
    return false
  end
  return not q.max or roomAt(q) <= now
end

-- Counts a start, or an end, where a rule asks for it.
function queue.counted(q, starts, running)
  if not q.max and not q.concurrency then
    return
  end
  if q.max then
    q.starts = q.starts or {}
    for _ = 1, starts do
      engine.rateLimit.addStart(q.starts, q.per, now)
    end
  end
  q.running = (q.running or 0) + running
  queue.save(q)
  if running < 0 and q.concurrency then
    effects.wake(q.name)
  end
end

local function enter(row)
  row.location = 'ready'
  row.readyEntry = row.id .. '|' .. frame.next()
  effects.wake(row.queue)
  rows.touch(row)
end

-- Ready, behind all of its level. Written at the end of the verb, or before the list is claimed from.
function queue.pushTail(row)
  enter(row)
  local list = keys.ready(row.queue, row.level)
  local tail = queue.tails[list] or {}
  queue.tails[list] = tail
  tail[#tail + 1] = row.readyEntry
end

-- Ready, before all of its level: for what has waited its turn already.
function queue.pushHead(row)
  enter(row)
  call('LPUSH', keys.ready(row.queue, row.level), row.readyEntry)
end

-- Writes what became ready behind all others.
function queue.flush()
  for list, tail in pairs(queue.tails) do
    callAll('RPUSH', list, tail)
  end
  queue.tails = {}
end

local function delayedMember(row)
  return string.format('%012d:%s', row.number, row.id)
end

function queue.delay(row)
  row.location = 'delayed'
  call('ZADD', keys.delayed, row.dueAt, delayedMember(row))
  effects.push({ 'due', row.dueAt })
  rows.touch(row)
end

-- Takes a waiting execution from wherever it stands. In a ready list its entry stays behind as a hole.
function queue.leave(row)
  if row.location == 'delayed' then
    call('ZREM', keys.delayed, delayedMember(row))
  elseif row.location == 'dependencies' then
    frame.count('waitingForDependencies', -1)
  elseif row.location == 'lock' then
    frame.count('waitingForLock', -1)
  elseif row.location == 'unhandled' then
    call('ZREM', keys.unhandled(row.task, row.level), row.id)
  elseif row.location == 'ready' then
    call('HINCRBY', keys.holes, keys.ready(row.queue, row.level), 1)
    row.readyEntry = nil
    rows.forgetOdd(row)
  end
  rows.touch(row)
end

local function placeDue(id)
  local row = rows.get(id, true)
  if row and row.location == 'delayed' then
    -- Its place among the delayed says when it is due, also where the clock went back since.
    row.dueAt = math.min(row.dueAt, now)
    engine.queue.place(tables, row)
  elseif not row and not rows.bad[id] then
    aside.put('promote', id, 'a delay of an execution that is not stored', {})
  end
end

-- Makes due executions ready, earliest first.
function queue.promote(limit)
  local due = call('ZRANGEBYSCORE', keys.delayed, '-inf', now, 'LIMIT', 0, limit)
  local done = readSome(due, STEP_BYTES, function(members)
    local ids, before = {}, rows.bytes
    for i, member in ipairs(members) do
      ids[i] = string.sub(member, 14)
    end
    callAll('ZREM', keys.delayed, members)
    rows.fetch(ids, nil, true)
    for _, id in ipairs(ids) do
      aside.guard('promote', id, placeDue, id)
    end
    return rows.bytes - before
  end)
  return done
end

local function refillTime(q)
  local at = q.max and roomAt(q) or 0
  for level = 0, at > 0 and 4 or -1 do
    if queue.size(q.name, level) > 0 then
      return at
    end
  end
  return nil
end

local function ruled()
  local found = {}
  if frame.ruled then
    for _, name in ipairs(call('HKEYS', keys.queues)) do
      local q = queue.get(name)
      if q.max then
        found[#found + 1] = q
      end
    end
    table.sort(found, function(a, b)
      return a.name < b.name
    end)
  end
  return found
end

-- Wakes the queues whose rate limit has room again.
function queue.wakeRefilled()
  for _, q in ipairs(ruled()) do
    local refill = refillTime(q)
    if refill and refill <= now then
      effects.wake(q.name)
    end
  end
end

-- The next instant at which a promotion finds something to do, or nil.
function queue.nextDue()
  local next = nil
  for _, key in ipairs({ keys.delayed, keys.edgeTimeouts, keys.lockWaits, keys.lockExpiries, keys.graces }) do
    local first = call('ZRANGE', key, 0, 0, 'WITHSCORES')
    local at = tonumber(first[2])
    if at and (not next or at < next) then
      next = at
    end
  end
  for _, q in ipairs(ruled()) do
    local refill = refillTime(q)
    if refill and refill > now and (not next or refill < next) then
      next = refill
    end
  end
  return next
end
