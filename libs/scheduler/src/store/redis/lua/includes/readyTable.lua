-- Ready executions, see ReadyTable in engine/tables.ts: a list for each queue and level. An execution that leaves other
-- than by a claim keeps its entry there as a tombstone; `keys.tombstones` counts those of each list, and claims drop them.
local readyTable = {}
tables.ready = readyTable

-- Tombstones and skipped executions that one claim may examine.
local EXAMINED_PER_STEP = 2000

local tails
-- During a claim, by list: entries taken from its head, the index of the next one, and skipped entries.
local taken, nextIndices, skipped
local examinesLeft
-- Executions per read: few at first, and after large ones.
local readAtOnce

function readyTable.begin()
  tails, taken, nextIndices, skipped = {}, {}, {}, {}
  examinesLeft, readAtOnce = EXAMINED_PER_STEP, budget.firstPart
end

-- The number of ready executions in a list.
function readyTable.size(name, level)
  local list = keys.ready(name, level)
  local coming = tails[list]
  local tombstones = tonumber(call('HGET', keys.tombstones, list)) or 0
  return math.max(0, call('LLEN', list) - tombstones) + (coming and #coming or 0)
end

function readyTable:count(queue)
  local count = 0
  for level = 0, 4 do
    count = count + readyTable.size(queue.name, level)
  end
  return count
end

local function enter(row)
  row.location = 'ready'
  row.readyEntry = row.id .. '|' .. context.nextNumber()
  tables:wake(queueTable.find(row.queue))
  rows.touch(row)
  return keys.ready(row.queue, row.level)
end

-- Puts back entries that were taken and not claimed: skipped ones first, then the rest.
local function putBack(list)
  local entries, skippedHere = taken[list] or {}, skipped[list] or {}
  local rest = {}
  for i = #entries, nextIndices[list] or 1, -1 do
    rest[#rest + 1] = entries[i]
  end
  for i = #skippedHere, 1, -1 do
    rest[#rest + 1] = skippedHere[i]
  end
  callAll('LPUSH', list, rest)
  taken[list], nextIndices[list], skipped[list] = nil, nil, nil
end

-- Written at the end of the verb, or before a claim from the list.
function tables:pushTail(row)
  local list = enter(row)
  local tail = tails[list] or {}
  tails[list] = tail
  tail[#tail + 1] = row.readyEntry
end

function tables:pushHead(row)
  local list = enter(row)
  putBack(list)
  call('LPUSH', list, row.readyEntry)
end

-- Appends this verb's new entries.
function readyTable.flush()
  for list, tail in pairs(tails) do
    callAll('RPUSH', list, tail)
  end
  tails = {}
end

-- Removes an execution from its list, where its entry stays as a tombstone.
function readyTable.leave(row)
  if not row.readyEntry then
    -- A claim has taken the entry.
    return
  end
  call('HINCRBY', keys.tombstones, keys.ready(row.queue, row.level), 1)
  row.readyEntry = nil
  rows.dropMisplaced(row)
end

-- Drops an entry that is not an execution's current one: a tombstone, unless its execution was set aside.
local function dropTombstone(list, id, row)
  if not row and id and aside.hasEntry(aside.READY_ENTRY, id) then
    aside.forgetEntry(aside.READY_ENTRY, id)
  elseif call('HINCRBY', keys.tombstones, list, -1) < 0 then
    call('HSET', keys.tombstones, list, 0)
  end
end

function readyTable:isEmpty(queue, level)
  return call('EXISTS', keys.ready(queue.name, level)) == 0
end

local function takeMore(list, atMost)
  local bytesBefore = rows.bytes
  local entries = call('LPOP', list, math.min(atMost, readAtOnce))
  taken[list], nextIndices[list] = entries or nil, 1
  local ids = {}
  for i, each in ipairs(entries or {}) do
    ids[i] = string.match(each, '^[^|]+') or ''
  end
  rows.fetch(ids, nil, true)
  local bytes = rows.bytes - bytesBefore
  budget.addRows(bytes)
  readAtOnce = budget.nextPart(bytes)
  return entries
end

-- A skipped entry stays out of the list until the rest is put back.
function readyTable:first(queue, level, atMost, test)
  local list = keys.ready(queue.name, level)
  while not readyTable:isFull() do
    local entries = taken[list]
    if not entries or nextIndices[list] > #entries then
      entries = takeMore(list, atMost)
      if not entries then
        return nil
      end
    end
    local entry = entries[nextIndices[list]]
    local id = string.match(entry, '^[^|]+')
    local row = id and rows.get(id, true)
    local isReady = row and row.location == 'ready' and row.readyEntry == entry
    if isReady and test(row) then
      return row
    elseif isReady then
      skipped[list] = skipped[list] or {}
      table.insert(skipped[list], entry)
    else
      dropTombstone(list, id, row)
    end
    nextIndices[list] = nextIndices[list] + 1
    examinesLeft = examinesLeft - 1
  end
  return nil
end

function readyTable:take(queue, level, row)
  local list = keys.ready(queue.name, level)
  nextIndices[list] = nextIndices[list] + 1
  row.readyEntry = nil
  rows.dropMisplaced(row)
end

function readyTable:putBack()
  local lists = {}
  for list in pairs(taken) do
    lists[list] = true
  end
  for list in pairs(skipped) do
    lists[list] = true
  end
  for list in pairs(lists) do
    putBack(list)
  end
end

function readyTable:isFull()
  return examinesLeft <= 0 or budget.bytes <= 0
end
