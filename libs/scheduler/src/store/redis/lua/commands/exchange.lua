#!lua flags=allow-oom
-- One trip of a worker: settles what ended, claims what may start.
-- ARGV: frame, operation (none), workerId, lane, sequence, want, slots for hand-overs, options (JSON) | '',
--   number of segments, then the segments in order:
--   'plain', n, sum of their starts, n ids, n running entries, n results ('' for none)
--   'each', n, then of each: id, attempt, kind, text, reason, delay
-- Returns: { known, now, more, settled ('a' applied, 's' stale), number of the plain claims,
--   plain claims (id, record, ...), other claims (id, record, detail, ...), effects,
--   how many were settled the plain way, whether effects of what was plain are among the effects }
-- @include keys
-- @include frame
-- @include effects
-- @include window
-- @include compact

local workerId, lane, sequence, wanted = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local slots, segments = tonumber(ARGV[7]), tonumber(ARGV[9])
local laneKey = workerId .. '|' .. lane

local record = call('HGET', keys.workers, workerId)
if not record then
  return { 0, now, 0, '', 0, {}, {}, '', 0, 1 }
end
local me = cmsgpack.unpack(record)
me.id = workerId

local function recordsOf(ids)
  return #ids > 0 and call('HMGET', keys.static, unpack(ids)) or {}
end

local last = call('HGET', keys.lanes, laneKey)
if last then
  local kept = cmsgpack.unpack(last)
  if kept[1] == sequence then
    local plain, others = {}, {}
    for i, text in ipairs(recordsOf(kept[6])) do
      plain[2 * i - 1], plain[2 * i] = kept[6][i], text or ''
    end
    for i, text in ipairs(recordsOf(kept[7])) do
      others[3 * i - 2], others[3 * i - 1], others[3 * i] = kept[7][i], text or '', kept[8][i]
    end
    return { 1, kept[2], kept[3], kept[4], kept[5], plain, others, '', 0, 1 }
  end
end

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
  if call('HEXISTS', keys.holes, 'h') == 1 and tonumber(call('HGET', keys.holes, 'h')) > 0 then
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

-- Settles n first runs that simply succeeded; false where any of them needs the general way.
local function settlePlain(at, n, startedSum)
  if frame.ruled or frame.historyAge or frame.historyBytes then
    return false
  end
  local entries = call('HMGET', keys.running(workerId), unpack(ARGV, at, at + n - 1))
  for i = 1, n do
    if entries[i] ~= ARGV[at + n + i - 1] then
      return false
    end
  end
  local told = effects.isWanted('completed') and frame.nodes > 1
  local ends = {}
  -- Runs of one claim have one entry, and so one beginning of what is kept of their ends.
  local prefix, entry = nil, nil
  for i = 1, n do
    if entries[i] ~= entry then
      entry = entries[i]
      prefix = 'C' .. now .. '|' .. string.sub(entry, 2, string.find(entry, '|', 1, true)) .. workerId .. '|'
    end
    local result = ARGV[at + 2 * n + i - 1]
    ends[2 * i - 1] = ARGV[at + i - 1]
    ends[2 * i] = result == '' and prefix or prefix .. result
  end
  if told then
    for i, text in ipairs(call('HMGET', keys.static, unpack(ARGV, at, at + n - 1))) do
      local task, queue, level = string.match(text, '^[^|]*|[^|]*|[^|]*|[^|]*|([^|]*)|([^|]*)|(%d)')
      local result = ARGV[at + 2 * n + i - 1]
      effects.push({
        'x', 'completed', ARGV[at + i - 1], task, 'COMPLETED', queue, tonumber(level), now, workerId,
        false, result ~= '' and result or false, false, false,
      })
    end
  end
  call('HDEL', keys.running(workerId), unpack(ARGV, at, at + n - 1))
  if call('EXISTS', keys.handed) == 1 then
    call('HDEL', keys.handed, unpack(ARGV, at, at + n - 1))
  end
  call('HSET', keys.state, unpack(ends))
  call('RPUSH', keys.history, unpack(ARGV, at, at + n - 1))
  frame.count('RUNNING', -n)
  frame.count('COMPLETED', n)
  frame.count('completed', n)
  window.count('c', n, n * now - startedSum)
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
  local doubts = call(
    'HMGET',
    keys.holes,
    'odd',
    keys.ready(queue, 0),
    keys.ready(queue, 1),
    keys.ready(queue, 2),
    keys.ready(queue, 3),
    keys.ready(queue, 4)
  )
  local isOdd = (tonumber(doubts[1]) or 0) > 0
  for level = 0, 4 do
    local list = keys.ready(queue, level)
    local isDoubtful = isOdd or (tonumber(doubts[level + 2]) or 0) > 0
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

local at = 10
while segments > 0 and ARGV[at] == 'plain' do
  local n = tonumber(ARGV[at + 1])
  if not settlePlain(at + 3, n, tonumber(ARGV[at + 2])) then
    break
  end
  at = at + 3 + 3 * n
  segments = segments - 1
end

-- Ends the trip: keeps the reply for a repeat, says what free slots are left.
local function reply(more)
  local plainIds, otherIds, details = {}, {}, {}
  for i = 1, #plain, 2 do
    plainIds[#plainIds + 1] = plain[i]
  end
  for i = 1, #others, 3 do
    otherIds[#otherIds + 1] = others[i]
    details[#details + 1] = others[i + 2]
  end
  local outcome = table.concat(settled)
  call(
    'HSET',
    keys.lanes,
    laneKey,
    cmsgpack.pack({ sequence, now, more, outcome, plainNo, plainIds, otherIds, details })
  )
  local claimed = #plainIds + #otherIds
  -- Whoever found less than it wanted waits to be told of more.
  if wanted > claimed and not me.draining then
    call('HSET', keys.idle, workerId, math.max(0, slots - claimed))
  else
    call('HDEL', keys.idle, workerId)
  end
  compact(200)
  frame.save()
  return { 1, now, more, outcome, plainNo, plain, others, effects.publish(), plainSettled, frame.nodes > 1 and 1 or 0 }
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
  local isPlain, n = ARGV[scan] == 'plain', tonumber(ARGV[scan + 1])
  for i = 1, n do
    mine[#mine + 1] = ARGV[isPlain and scan + 2 + i or scan + 2 + 6 * (i - 1)]
  end
  scan = scan + (isPlain and 3 + 3 * n or 2 + 6 * n)
end
rows.fetch(mine, workerId)
while segments > 0 do
  local n = tonumber(ARGV[at + 1])
  if ARGV[at] == 'plain' then
    for i = 1, n do
      local done = settle.own(workerId, ARGV[at + 2 + i], 1, 'c', ARGV[at + 2 + 2 * n + i], nil, 0)
      answers[#answers + 1] = done and 'a' or 's'
    end
    at = at + 3 + 3 * n
  else
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
dependency.drain()

local plainCount = #plain / 2
local options = ARGV[8] ~= '' and cjson.decode(ARGV[8]) or {}
local more = claim.claim(me, wanted - plainCount, options)
others = claim.list
dependency.drain()
save()
return reply(more and 1 or 0)
