#!lua flags=allow-oom
-- One trip of a worker: settles what ended, claims what may start.
-- ARGV: frame, operation (none), workerId, lane, sequence, want, slots for hand-overs, options (JSON) | '',
--   trust (doubts known|newest reply seen on lane 0|on lane 1), number of segments, then the segments in order:
--   'plain' | 'trusted', n, sum of their starts, whether there are results (1 | 0), number of entries,
--     each running entry and how many runs it stands for, n ids, n results ('' for none) where there are any
--   'each', n, then of each: id, attempt, kind, text, reason, delay
-- Returns: { known, now, more, settled ('a' applied, 's' stale), number of the plain claims,
--   plain claims (id, record, ...), other claims (id, record, detail, ...), effects,
--   how many were settled the plain way, whether effects of what was plain are among the effects, doubts }
-- @include keys
-- @include frame
-- @include effects
-- @include window
-- @include compact

local workerId, lane, sequence, wanted = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local slots, segments = tonumber(ARGV[7]), tonumber(ARGV[10])
local laneKey = workerId .. '|' .. lane

local record = call('HGET', keys.workers, workerId)
if not record then
  return { 0, now, 0, '', 0, {}, {}, '', 0, 1, 0 }
end
local me = cmsgpack.unpack(record)
me.id = workerId

local function recordsOf(ids)
  return #ids > 0 and call('HMGET', keys.static, unpack(ids)) or {}
end

local lanes = call('HMGET', keys.lanes, workerId .. '|d', workerId .. '|0', workerId .. '|1', laneKey)
local doubts = lanes[1] or '0'
if lanes[4] == sequence then
  local kept = cmsgpack.unpack(call('HGET', keys.lanes, laneKey .. '|reply'))
  local plain, others = {}, {}
  for i, text in ipairs(recordsOf(kept[5])) do
    plain[2 * i - 1], plain[2 * i] = kept[5][i], text or ''
  end
  for i, text in ipairs(recordsOf(kept[6])) do
    others[3 * i - 2], others[3 * i - 1], others[3 * i] = kept[6][i], text or '', kept[7][i]
  end
  return { 1, kept[1], kept[2], kept[3], kept[4], plain, others, '', 0, 1, kept[8] }
end
-- Nobody else has touched this worker's plain runs, and no reply that it has seen was lost since (by a failover).
local known, seen0, seen1 = string.match(ARGV[9], '^(%d+)|(%d+)|(%d+)$')
local isTrusted = known == doubts
  and tonumber(lanes[2] or 0) >= tonumber(seen0)
  and tonumber(lanes[3] or 0) >= tonumber(seen1)

call('ZADD', keys.leases, now + frame.lease, workerId)

local CLAIM_PER_STEP = 250
local settled = {}
local plain, others = {}, {}
local plainNo = frame.sequence + 1
local trimLater = false
local plainSettled = 0

-- Drops the oldest plain history beyond the count; anything else is left to the general way.
local function trimPlain()
  local size = call('LLEN', keys.history)
  if size <= frame.historyCount then
    return
  end
  if (tonumber(call('HGET', keys.holes, 'h')) or 0) > 0 then
    trimLater = true
    return
  end
  local entries = call('LPOP', keys.history, size - frame.historyCount)
  local k = #entries
  for i = 1, #entries do
    if string.find(entries[i], '|', 1, true) then
      k = i - 1
      break
    end
  end
  if k > 0 then
    call('HDEL', keys.static, unpack(entries, 1, k))
    call('HDEL', keys.state, unpack(entries, 1, k))
    frame.count('COMPLETED', -k)
  end
  for i = #entries, k + 1, -1 do
    call('LPUSH', keys.history, entries[i])
    trimLater = true
  end
end

-- Where the parts of a plain segment stand: ids, results (nil for none), and the segment behind it.
local function layout(from)
  local n, hasResults, entries = tonumber(ARGV[from + 1]), ARGV[from + 3] == '1', tonumber(ARGV[from + 4])
  local ids = from + 5 + 2 * entries
  return n, ids, hasResults and ids + n or nil, ids + n + (hasResults and n or 0)
end

-- Whether each run of a plain segment is still what it was when it was claimed.
local function isIntact(from, n, ids)
  local found = call('HMGET', keys.running(workerId), unpack(ARGV, ids, ids + n - 1))
  local i = 1
  for at = from + 5, ids - 1, 2 do
    for _ = 1, tonumber(ARGV[at + 1]) do
      if found[i] ~= ARGV[at] then
        return false
      end
      i = i + 1
    end
  end
  return true
end

local function tellCompleted(n, ids, results)
  for i, text in ipairs(call('HMGET', keys.static, unpack(ARGV, ids, ids + n - 1))) do
    local task, queue, level = string.match(text, '^[^|]*|[^|]*|[^|]*|[^|]*|([^|]*)|([^|]*)|(%d)')
    local result = results and ARGV[results + i - 1] or ''
    local id = ARGV[ids + i - 1]
    effects.push({
      'x', 'completed', id, task, 'COMPLETED', queue, tonumber(level), now, workerId, false,
      result ~= '' and result or false, false, false,
    })
  end
end

-- Settles first runs that simply succeeded; false where any of them needs the general way.
local function settlePlain(from)
  local n, ids, results = layout(from)
  if frame.ruled or frame.historyAge or frame.historyBytes then
    return false
  end
  if not (isTrusted and ARGV[from] == 'trusted') and not isIntact(from, n, ids) then
    return false
  end
  local ends, i = {}, 1
  for at = from + 5, ids - 1, 2 do
    -- Runs of one claim have one entry, and so one beginning of what is kept of their ends.
    local entry = ARGV[at]
    local prefix = 'C' .. now .. '|' .. string.sub(entry, 2, string.find(entry, '|', 1, true)) .. workerId .. '|'
    for _ = 1, tonumber(ARGV[at + 1]) do
      ends[2 * i - 1] = ARGV[ids + i - 1]
      ends[2 * i] = results and prefix .. ARGV[results + i - 1] or prefix
      i = i + 1
    end
  end
  if frame.nodes > 1 and effects.isWanted('completed') then
    tellCompleted(n, ids, results)
  end
  call('HDEL', keys.running(workerId), unpack(ARGV, ids, ids + n - 1))
  if call('EXISTS', keys.handed) == 1 then
    call('HDEL', keys.handed, unpack(ARGV, ids, ids + n - 1))
  end
  call('HSET', keys.state, unpack(ends))
  call('RPUSH', keys.history, unpack(ARGV, ids, ids + n - 1))
  frame.count('RUNNING', -n)
  frame.count('COMPLETED', n)
  frame.count('completed', n)
  window.count('c', n, n * now - tonumber(ARGV[from + 2]))
  window.save()
  trimPlain()
  settled[#settled + 1] = string.rep('a', n)
  plainSettled = plainSettled + n
  return true
end

-- Claims plain executions of one plain queue, level by level; false where something else stands in the way.
local function claimPlain()
  if wanted <= 0 or me.draining then
    return true
  end
  if #me.queues ~= 1 or ARGV[8] ~= '' or frame.ruled then
    return false
  end
  local queue = me.queues[1]
  if call('EXISTS', keys.unhandledTasks, keys.continuation) > 0 or call('HGET', keys.queues, queue) ~= '' then
    return false
  end
  local told = effects.isWanted('started') and frame.nodes > 1
  local runs = {}
  local runnable = {}
  local isPlain = true
  local want = math.min(wanted, CLAIM_PER_STEP)
  local entry = 'p' .. now .. '|' .. frame.next()
  -- Without holes, and without executions that look plainer than they are, an entry that bears no number is plain.
  local holes = call(
    'HMGET',
    keys.holes,
    'odd',
    keys.ready(queue, 0),
    keys.ready(queue, 1),
    keys.ready(queue, 2),
    keys.ready(queue, 3),
    keys.ready(queue, 4)
  )
  local isOdd = (tonumber(holes[1]) or 0) > 0
  for level = 0, 4 do
    local list = keys.ready(queue, level)
    local isDoubtful = isOdd or (tonumber(holes[level + 2]) or 0) > 0
    local entries = call('LPOP', list, want - #plain / 2)
    if entries then
      local records = call('HMGET', keys.static, unpack(entries))
      local states = isDoubtful and call('HMGET', keys.state, unpack(entries)) or {}
      local take = #entries
      for i = 1, #entries do
        local text = records[i]
        -- An entry with a number (`id|no`) is no id: no record bears its name.
        local task = text and not states[i] and string.match(text, '^%d+|%d+|%-?%d+||([^|]*)|')
        local can = task and runnable[task]
        if task and can == nil then
          can = call('SISMEMBER', keys.worker(workerId), task) == 1
          runnable[task] = can
        end
        if not can then
          take = i - 1
          isPlain = false
          break
        end
        local id = entries[i]
        plain[#plain + 1] = id
        plain[#plain + 1] = text
        runs[#runs + 1] = id
        runs[#runs + 1] = entry
        if told then
          effects.push({ 'x', 'started', id, task, 'RUNNING', queue, level, now, workerId, false, false, false, false })
        end
      end
      for i = #entries, take + 1, -1 do
        call('LPUSH', list, entries[i])
      end
    end
    if not isPlain or #plain / 2 >= want then
      break
    end
  end
  local n = #plain / 2
  if n > 0 then
    call('HSET', keys.running(workerId), unpack(runs))
    frame.count('PENDING', -n)
    frame.count('RUNNING', n)
    frame.count('started', n)
  end
  return isPlain
end

local at = 11
while segments > 0 and ARGV[at] ~= 'each' and settlePlain(at) do
  at = select(4, layout(at))
  segments = segments - 1
end

-- Ends the trip: keeps the reply for a repeat, says what free slots are left.
local function reply(more, mayBeMore)
  local plainIds, otherIds, details = {}, {}, {}
  for i = 1, #plain, 2 do
    plainIds[#plainIds + 1] = plain[i]
  end
  for i = 1, #others, 3 do
    otherIds[#otherIds + 1] = others[i]
    details[#details + 1] = others[i + 2]
  end
  local outcome = table.concat(settled)
  local kept = cmsgpack.pack({ now, more, outcome, plainNo, plainIds, otherIds, details, doubts })
  call('HSET', keys.lanes, laneKey, sequence, laneKey .. '|reply', kept)
  local claimed = #plainIds + #otherIds
  -- Whoever found less than it wanted waits to be told of more.
  if wanted > claimed and not me.draining then
    call('HSET', keys.idle, workerId, math.max(0, slots - claimed))
  else
    call('HDEL', keys.idle, workerId)
  end
  compact(200)
  frame.save()
  return { 1, now, more, outcome, plainNo, plain, others, effects.publish(mayBeMore), plainSettled, frame.nodes > 1 and 1 or 0, doubts }
end

local claimed = segments == 0 and not trimLater and claimPlain()
if claimed then
  return reply(#plain / 2 == CLAIM_PER_STEP and wanted > CLAIM_PER_STEP and 1 or 0)
end

-- @include engine

if trimLater then
  history.trim(1000)
end

-- Settles one by one. What goes back to a queue's head goes last and backwards, so that it keeps its order.
local answers, released = {}, {}
local mine, scan = {}, at
for _ = 1, segments do
  if ARGV[scan] == 'each' then
    local n = tonumber(ARGV[scan + 1])
    for i = 1, n do
      mine[#mine + 1] = ARGV[scan + 2 + 6 * (i - 1)]
    end
    scan = scan + 2 + 6 * n
  else
    local n, ids, _, behind = layout(scan)
    for i = 1, n do
      mine[#mine + 1] = ARGV[ids + i - 1]
    end
    scan = behind
  end
end
rows.fetch(mine, workerId)
finish.isOwn = true
while segments > 0 do
  if ARGV[at] == 'each' then
    local n = tonumber(ARGV[at + 1])
    for i = 1, n do
      local from = at + 2 + 6 * (i - 1)
      answers[#answers + 1] = 's'
      if ARGV[from + 2] == 'l' then
        released[#released + 1] = { #answers, from }
      else
        local reason = ARGV[from + 4]
        local done = settle.own(
          workerId,
          ARGV[from],
          tonumber(ARGV[from + 1]),
          ARGV[from + 2],
          ARGV[from + 3],
          reason ~= '' and reason or nil,
          tonumber(ARGV[from + 5])
        )
        answers[#answers] = done and 'a' or 's'
      end
    end
    at = at + 2 + 6 * n
  else
    local n, ids, results, behind = layout(at)
    for i = 1, n do
      local text = results and ARGV[results + i - 1] or ''
      local done = settle.own(workerId, ARGV[ids + i - 1], 1, 'c', text, nil, 0)
      answers[#answers + 1] = done and 'a' or 's'
    end
    at = behind
  end
  segments = segments - 1
end
for i = #released, 1, -1 do
  local place, from = released[i][1], released[i][2]
  if settle.own(workerId, ARGV[from], tonumber(ARGV[from + 1]), 'l', '', nil, 0) then
    answers[place] = 'a'
  end
end
settled[#settled + 1] = table.concat(answers)
finish.isOwn = false
dependency.drain()

local plainCount = #plain / 2
local options = ARGV[8] ~= '' and cjson.decode(ARGV[8]) or {}
local more = claim.claim(me, wanted - plainCount, options)
others = claim.list
dependency.drain()
save()
return reply(more and 1 or 0, true)
