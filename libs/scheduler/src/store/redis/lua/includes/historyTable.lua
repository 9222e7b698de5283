-- History: a list of entries for each outcome, see HistoryTable in engine/history-tables.ts. An entry is `<id>` (a simple
-- execution that succeeded), `<id>|<number>` (any other execution without a workflow) or `<workflowId>|<number>|w` (`c` if
-- all its executions ended by the fast path). An entry that leaves history stays in its list as a tombstone.
local historyTable = {}
tables.history = historyTable

historyTable.OUTCOMES = { 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED' }
-- The keys of the lists, by outcome.
historyTable.LISTS = {
  COMPLETED = 'history',
  FAILED = 'historyFailed',
  CANCELLED = 'historyCancelled',
  SKIPPED = 'historySkipped',
}

-- Entries that one verb examines, including tombstones.
local ENTRIES_PER_STEP = 5000
-- Entries per read: at first, and if their states were small.
local FEW, MANY, SMALL = 4, 100, 65536

-- This verb's new entries by outcome, in order; the outcomes that have new entries.
local entries, withNewEntries
-- The bounds of an outcome, and what is read of its list in order to trim it.
local bounds, shelves
local isCut

function historyTable.begin()
  entries, withNewEntries = { COMPLETED = {}, FAILED = {}, CANCELLED = {}, SKIPPED = {} }, {}
  bounds, shelves, isCut = nil, {}, false
end

local function bytesOf(outcome)
  return 'historyBytes:' .. outcome
end

local function countBytes(outcome, bytes)
  if bytes ~= 0 then
    context.count(bytesOf(outcome), bytes)
  end
end

local function enter(outcome, entry, bytes)
  table.insert(entries[outcome], entry)
  withNewEntries[outcome] = true
  countBytes(outcome, bytes)
end

local function leave(outcome, bytes)
  call('HINCRBY', keys.tombstones, historyTable.LISTS[outcome], 1)
  countBytes(outcome, -bytes)
end

function historyTable:setKept(row)
  row.location = 'kept'
end

function historyTable:isKept(row)
  return row.location == 'kept'
end

function historyTable:has(row)
  return row.location == 'history'
end

function historyTable:enter(row)
  row.location = 'history'
  row.historyEntry = row.id .. '|' .. context.nextNumber()
  row.historyBytes = context.countsBytes and rows.weigh(row) or nil
  enter(row.status, row.historyEntry, row.historyBytes or 0)
  rows.touch(row)
end

function historyTable:leave(row)
  leave(row.status, row.historyBytes or 0)
  row.historyEntry, row.historyBytes = nil, nil
  row.location = 'kept'
  rows.touch(row)
end

function historyTable:hasWorkflow(workflowRow)
  return workflowRow.entry > 0
end

function historyTable:enterWorkflow(workflowRow)
  workflowRow.entry = context.nextNumber()
  workflowRow.dirty = true
  enter(
    workflowRow.status,
    workflowRow.id .. '|' .. workflowRow.entry .. '|' .. codes.WORKFLOW_ENTRY,
    workflowRow.bytes
  )
end

function historyTable:leaveWorkflow(workflowRow)
  leave(workflowRow.status, workflowRow.bytes)
  workflowRow.entry = 0
  workflowRow.dirty = true
end

function historyTable:takeGrown(outcome)
  local hasNew = withNewEntries[outcome]
  withNewEntries[outcome] = nil
  return hasNew
end

-- Writes this verb's entries.
function historyTable.flush()
  for outcome, page in pairs(entries) do
    if #page > 0 then
      callAll('RPUSH', keys[historyTable.LISTS[outcome]], page)
      entries[outcome] = {}
    end
  end
end

function historyTable:bounds(outcome)
  if not bounds then
    local first = { count = context.historyCount, age = context.historyAge, bytes = context.historyBytes }
    local others = string.gmatch(context.historyOthers, '(%d+),(%d*),(%d*);')
    bounds = { COMPLETED = first }
    for i = 2, #historyTable.OUTCOMES do
      local count, age, bytes = others()
      bounds[historyTable.OUTCOMES[i]] = count
          and { count = tonumber(count), age = tonumber(age), bytes = tonumber(bytes) }
        or first
    end
  end
  return bounds[outcome]
end

function historyTable:count(outcome)
  local list = historyTable.LISTS[outcome]
  return call('LLEN', keys[list]) - (tonumber(call('HGET', keys.tombstones, list)) or 0)
end

function historyTable:bytes(outcome)
  local counter = bytesOf(outcome)
  return (tonumber(call('HGET', keys.counters, counter)) or 0) + (context.counterChanges[counter] or 0)
end

-- The fields of an execution's state that its drop needs.
function historyTable.stateOf(id, text)
  local row = rows.cache[id]
  if row then
    return row
  elseif not text or (row == false and not rows.unreadable[id]) then
    return nil
  end
  if records.isCompleted(text) then
    local ok, completedAt = pcall(records.parseCompleted, text)
    return ok and { status = 'COMPLETED', location = 'history', completedAt = completedAt, isPlain = true } or nil
  end
  return fields.tryUnpack(text)
end

-- Units by entry: { id, state } or { workflowRow }; nil for a tombstone, false if the entry or its execution is unreadable,
-- or if that was set aside. Also returns the bytes read.
local function unitsOf(page)
  local ids, workflows = {}, {}
  for _, entry in ipairs(page) do
    local id, kind = string.match(entry, '^([^|]+)|?%d*|?(%a?)$')
    if id then
      table.insert(kind == '' and ids or workflows, id)
    end
  end
  workflow.fetch(workflows)
  local texts, bytes = {}, 0
  for i, text in ipairs(readAll('HMGET', keys.state, ids)) do
    texts[ids[i]] = text
    bytes = bytes + (text and #text or 0)
  end
  local units = {}
  for _, entry in ipairs(page) do
    local id, number, kind = string.match(entry, '^([^|]+)|?(%d*)|?(%a?)$')
    if not id then
      -- An unreadable entry was never counted as a tombstone.
      units[entry] = false
    elseif kind ~= '' then
      local workflowRow = workflow.get(id)
      if workflowRow and workflowRow.entry == tonumber(number) then
        units[entry] = { workflowRow = workflowRow, completedAt = workflowRow.completedAt, bytes = workflowRow.bytes }
      end
    else
      local state = historyTable.stateOf(id, texts[id])
      if state and state.location == 'history' and (state.isPlain and id or state.historyEntry or id) == entry then
        units[entry] = { id = id, state = state, completedAt = state.completedAt or 0, bytes = state.historyBytes or 0 }
      elseif not state and texts[id] and rows.cache[id] == nil then
        -- The end of the verb sets it aside.
        rows.unreadable[id], units[entry] = 'its state is unreadable', false
      elseif not state and aside.hasEntry(aside.HISTORY_ENTRY, id) then
        units[entry] = false
      end
    end
  end
  return units, bytes
end

-- Reads the next entries of a list, within the bounds of a verb. Returns whether there are any.
local function readMore(outcome, shelf)
  if shelf.examined >= ENTRIES_PER_STEP or shelf.read > STEP_BYTES then
    isCut = true
    return false
  end
  local list = keys[historyTable.LISTS[outcome]]
  shelf.entries, shelf.at = call('LRANGE', list, shelf.examined, shelf.examined + shelf.many - 1), 1
  local bytes
  shelf.units, bytes = unitsOf(shelf.entries)
  shelf.read, shelf.many = shelf.read + bytes, bytes < SMALL and MANY or FEW
  return #shelf.entries > 0
end

local function passEntry(shelf)
  shelf.examined, shelf.at = shelf.examined + 1, shelf.at + 1
end

function historyTable:oldest(outcome)
  local shelf = shelves[outcome]
    or {
      entries = {},
      at = 1,
      examined = 0,
      read = 0,
      many = FEW,
      tombstones = 0,
      ids = {},
      states = {},
      workflows = {},
    }
  shelves[outcome] = shelf
  while shelf.entries[shelf.at] or readMore(outcome, shelf) do
    local unit = shelf.units[shelf.entries[shelf.at]]
    if unit then
      return unit
    end
    if unit == nil then
      shelf.tombstones = shelf.tombstones + 1
    else
      aside.forgetEntry(aside.HISTORY_ENTRY, string.match(shelf.entries[shelf.at], '^[^|]*'))
    end
    passEntry(shelf)
  end
end

function historyTable:isCut()
  return isCut
end

-- trim.lua deletes it.
function historyTable:drop(outcome, unit)
  local shelf = shelves[outcome]
  passEntry(shelf)
  countBytes(outcome, -unit.bytes)
  if unit.workflowRow then
    shelf.workflows[#shelf.workflows + 1] = unit.workflowRow
    return math.max(1, math.min(unit.workflowRow.size, trim.MEMBERS_PER_STEP))
  end
  shelf.ids[#shelf.ids + 1], shelf.states[#shelf.states + 1] = unit.id, unit.state
  return 1
end

-- Removes passed and dropped entries from the lists. Returns them by outcome.
function historyTable.takePassed()
  local passed = shelves
  for outcome, shelf in pairs(passed) do
    local list = historyTable.LISTS[outcome]
    if shelf.examined > 0 then
      call('LPOP', keys[list], shelf.examined)
    end
    if shelf.tombstones > 0 then
      call('HINCRBY', keys.tombstones, list, -shelf.tombstones)
    end
  end
  shelves = {}
  return passed
end
