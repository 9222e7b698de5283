-- What is kept of ends: figures by the minute, attempts, and ended executions until their time is over.
local ATTEMPTS_KEPT = 10
local RECENT_ERRORS_KEPT = 10
-- Executions dropped by one verb; what is over goes with the next ones.
local DROPS_PER_STEP = 250
-- Rows that left for history in this verb, in order, and whether any did.
history.entries, history.changed = {}, false

function history.rememberError(row, err)
  call('RPUSH', keys.errors, cmsgpack.pack({ row.task, row.id, err, now }))
  call('LTRIM', keys.errors, -RECENT_ERRORS_KEPT, -1)
end

function history.count(row)
  if row.st ~= 'COMPLETED' and row.st ~= 'FAILED' then
    return
  end
  window.count(row.st == 'COMPLETED' and 'c' or 'f', 1, row.sa > 0 and now - row.sa or 0)
  if row.st == 'FAILED' and row.err then
    history.rememberError(row, row.err)
  end
end

-- Adds the run that ends now to the execution's attempts.
function history.recordAttempt(row, outcome, err)
  row.ats = row.ats or {}
  table.insert(row.ats, { row.r, row.sa, now, row.wi or false, outcome, err or false })
  if #row.ats > ATTEMPTS_KEPT then
    table.remove(row.ats, 1)
  end
  rows.touch(row)
end

-- Moves an ended execution into history, once nobody alive needs it.
function history.retire(row)
  if row.pl ~= 'kept' then
    return
  end
  if row.ld > 0 or (row.wf and workflow.isOpen(row.wf)) or tasks.isNewest(row) then
    return
  end
  row.pl = 'history'
  row.hn = row.id .. '|' .. frame.next()
  history.entries[#history.entries + 1] = row.hn
  history.changed = true
  if frame.historyBytes then
    row.by = #row.record - row.body + 1 + #(row.res or '')
    frame.count('historyBytes', row.by)
  end
  rows.touch(row)
end

-- Moves a lean member into history, when its workflow has ended: its state stays as it is.
function history.admit(id)
  history.entries[#history.entries + 1] = id
  history.changed = true
end

-- Takes an ended execution out of history, since someone alive needs it again.
function history.keep(row)
  if row.pl ~= 'history' then
    return
  end
  call('HINCRBY', keys.holes, 'h', 1)
  if row.by then
    frame.count('historyBytes', -row.by)
  end
  row.hn, row.by = nil, nil
  row.pl = 'kept'
  rows.touch(row)
end

local function flush()
  callAll('RPUSH', keys.history, history.entries)
  history.entries = {}
end

local function isOver(size, bytes, state)
  return size > frame.historyCount
    or (frame.historyBytes ~= nil and bytes > frame.historyBytes)
    or (frame.historyAge ~= nil and state.ca <= now - frame.historyAge)
end

-- The states behind entries of history by entry, where these still count; and their ids.
local function statesOf(entries)
  local ids, missing, texts = {}, {}, {}
  for i, entry in ipairs(entries) do
    ids[i] = string.match(entry, '^[^|]+')
    if rows.cache[ids[i]] == nil then
      missing[#missing + 1] = ids[i]
    end
  end
  for i, text in ipairs(readAll('HMGET', keys.state, missing)) do
    texts[missing[i]] = text
  end
  local states = {}
  for i, entry in ipairs(entries) do
    local id = ids[i]
    local state = rows.cache[id]
    local text = texts[id]
    if text and string.byte(text) == 67 then
      -- A plain one's: all that its drop needs to know.
      state = entry == id and { st = 'COMPLETED', pl = 'history', ca = tonumber(string.match(text, '^C(%d+)')) }
    elseif text then
      local ok, kept = pcall(cmsgpack.unpack, text)
      state = ok and type(kept) == 'table' and kept or nil
    end
    if state and state.pl == 'history' and (state.hn or id) == entry then
      states[entry] = state
    end
  end
  return states, ids
end

-- Drops executions with all that belongs to them.
local function drop(ids, states)
  local keysGone = {}
  for i, id in ipairs(ids) do
    local state = states[i]
    frame.count(state.st, -1)
    if state.by then
      frame.count('historyBytes', -state.by)
    end
    if state.ed then
      keysGone[#keysGone + 1] = keys.edges(id)
    end
    if (state.nd or 0) > #(state.dn or {}) then
      keysGone[#keysGone + 1] = keys.dependents(id)
    end
    if state.lg then
      keysGone[#keysGone + 1] = keys.logs(id)
    end
    state.pl = 'gone'
    rows.cache[id] = false
    rows.dirty[id] = nil
  end
  for _, key in ipairs({ keys.static, keys.state, keys.extra, keys.progress }) do
    callAll('HDEL', key, ids)
  end
  for _, key in ipairs(keysGone) do
    call('UNLINK', key)
  end
  if call('EXISTS', keys.old) == 1 then
    callAll('ZREM', keys.old, ids)
  end
end

-- Drops the oldest history beyond count, age and bytes. Returns how many.
function history.trim(limit)
  flush()
  local size = call('LLEN', keys.history) - (tonumber(call('HGET', keys.holes, 'h')) or 0)
  if size <= frame.historyCount and not frame.historyAge and not frame.historyBytes then
    return 0
  end
  local bytes = (tonumber(call('HGET', keys.counters, 'historyBytes')) or 0) + (frame.counts.historyBytes or 0)
  local ids, states, holes, looked = {}, {}, 0, 0
  local over = false
  while not over and #ids < limit do
    local entries = call('LRANGE', keys.history, looked, looked + 99)
    if #entries == 0 then
      break
    end
    local found, names = statesOf(entries)
    for i, entry in ipairs(entries) do
      local state, id = found[entry], names[i]
      if state and (#ids >= limit or not isOver(size, bytes, state)) then
        over = true
        break
      end
      looked = looked + 1
      if state then
        size = size - 1
        bytes = bytes - (state.by or 0)
        ids[#ids + 1], states[#states + 1] = id, state
      else
        holes = holes + 1
      end
    end
  end
  if looked > 0 then
    call('LPOP', keys.history, looked)
  end
  if holes > 0 then
    call('HINCRBY', keys.holes, 'h', -holes)
  end
  if #ids > 0 then
    drop(ids, states)
  end
  return #ids
end

-- At the end of a verb: what left for history is there, and what is over goes.
function history.settle()
  if history.changed then
    history.changed = false
    history.trim(DROPS_PER_STEP)
  end
end
