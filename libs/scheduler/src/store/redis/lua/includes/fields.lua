-- Rows of executions as MessagePack: states, and what is in `keys.extra`. The letters are what is stored, and appear nowhere
-- else. What is read of a row has the type of its field, so that nothing behind this file checks it again.
local fields = {}

local TEXT, NUMBER, TABLE = 'string', 'number', 'table'

-- Letters, name, type; meaning. A field that is absent has its default, see rows.lua. A flag is 1 or absent.
local FIELDS = {
  { 'st', 'status', TEXT },
  { 'pl', 'location', TEXT }, -- 'ready', 'delayed', 'dependencies', 'lock', 'unhandled', 'running', 'kept', 'history', 'gone'
  { 'at', 'dueAt', NUMBER }, -- ms since 1970, as all times
  { 'dt', 'isDated', NUMBER }, -- flag: due at a date, which stays where the server's clock goes back
  { 'sa', 'startedAt', NUMBER },
  { 'ca', 'completedAt', NUMBER },
  { 'cr', 'cancelRequestedAt', NUMBER },
  { 'en', 'readyEntry', TEXT }, -- its entry in a ready list
  { 'od', 'isMisplaced', NUMBER }, -- flag: that entry looks like one of a simple execution
  -- Runs
  { 'a', 'leaseToken', NUMBER }, -- a run may be settled by who knows it
  { 'r', 'runs', NUMBER }, -- runs begun and not released
  { 'f', 'failures', NUMBER }, -- failed attempts
  { 'cx', 'crashes', NUMBER },
  { 'sz', 'snoozes', NUMBER }, -- runs that ended by RetryLaterError
  { 'no', 'claimNumber', NUMBER },
  { 'w', 'workerId', TEXT }, -- the worker that runs it
  { 'wi', 'lastWorkerId', TEXT },
  { 'gr', 'cancelDeadline', TEXT }, -- its member in `keys.cancelDeadlines`
  { 'bd', 'runDeadline', TEXT }, -- its member in `keys.runDeadlines`
  { 'xp', 'expiry', TEXT }, -- its member in `keys.expiries`
  -- Outcome
  { 'res', 'result', TEXT }, -- JSON
  { 'err', 'error', TEXT }, -- JSON
  { 'rs', 'reason', TEXT },
  { 'rc', 'rootCause', TABLE }, -- { execution, task, status } of the upstream in which a failure began
  { 'ats', 'attempts', TABLE }, -- { run, started, ended, worker, outcome, error } of each
  { 'pg', 'hasProgress', NUMBER }, -- flag
  { 'lg', 'hasLogs', NUMBER }, -- flag
  { 'hn', 'historyEntry', TEXT }, -- its entry in a history list, where that is not its id
  { 'by', 'historyBytes', NUMBER }, -- bytes that count there
  -- Edges to the executions that it depends on, its upstreams
  { 'ed', 'edgeCount', NUMBER },
  { 'oe', 'openEdges', NUMBER },
  { 'hs', 'satisfiedEdges', TABLE }, -- by index: 1 without a result, 2 with one, 3 where the edge's record says the rest
  { 'bb', 'boundBy', TEXT }, -- the batch that still has edges of it: until they are bound, one open edge stands for them
  { 'eg', 'edgesReleased', NUMBER }, -- it has ended, or runs again: so many of its edges, the first ones, are released
  { 'er', 'edgesToReattach', NUMBER }, -- it runs again: so many, the first ones, are still to be reattached
  { 'ke', 'isKeptForEdges', NUMBER }, -- flag: it has ended, and stays out of history for one of these
  { 'xe', 'hasExternalEdges', NUMBER }, -- flag: some lead out of its workflow
  { 'tu', 'readsEdgeRecords', NUMBER }, -- flag: the records of its edges decide, since their upstreams do not know all of them
  -- Dependents
  { 'nd', 'dependentCount', NUMBER },
  { 'ep', 'endsToPropagate', NUMBER }, -- ends that are still to be told to all of them
  { 'ar', 'arrivalSteps', NUMBER }, -- steps that are still to attach edges that have waited for it
  { 'dn', 'dependentNames', TABLE }, -- the first of their edges, see edges.lua
  { 'ld', 'liveDependents', NUMBER }, -- those outside of its workflow that have not ended
  { 'ub', 'usedBy', TABLE }, -- by task: the request that used its outcome
  { 'tl', 'endedCompactly', NUMBER }, -- flag: a compact member whose dependents know of its end
  -- Lock
  { 'lk', 'lockKey', TEXT }, -- the lock that it needs
  { 'lt', 'lockTimeout', NUMBER }, -- ms
  { 'lm', 'lockMaxWait', NUMBER }, -- ms
  { 'hd', 'heldLock', TEXT }, -- the lock that it holds
  { 'fk', 'fencingToken', NUMBER },
  { 'pk', 'lockLine', TEXT }, -- the lock in whose line it waits, parked or ready
  { 'pn', 'parkNumber', NUMBER }, -- its place in that line
  { 'lw', 'lockWaitUntil', TEXT }, -- its member in `keys.lockWaits`, whose score is the end of the wait
  { 'lu', 'lockWaitLeft', NUMBER }, -- ms left of the wait while it stands ready
  -- What few are created with
  { 'tags', 'tags', TABLE },
  { 'ttl', 'ttl', NUMBER }, -- ms that it may wait for its first run
  { 'sch', 'scheduleId', TEXT },
}

local NAMES, LETTERS, TYPES = {}, {}, {}
for _, field in ipairs(FIELDS) do
  NAMES[field[1]], LETTERS[field[2]], TYPES[field[1]] = field[2], field[1], field[3]
end
-- Letters of lists, and the types of their items. Those of the other tables are only compared.
local ITEMS = { rc = TEXT, ats = TABLE, dn = TEXT, tags = TEXT }

-- How MessagePack begins a map of up to 15 fields, a larger one, and an empty table.
local SMALL_MAP, LARGE_MAP, EMPTY = 128, 222, 144

-- How many fields a text as stored has, and at which byte they begin.
local function fieldsOf(text)
  local first, highByte, lowByte = byte(text, 1, 3)
  if first == LARGE_MAP then
    return highByte * 256 + lowByte, 3
  elseif first and first >= SMALL_MAP and first <= EMPTY then
    return first % 16, 1
  end
  error('its state is no row')
end

local function isAttempt(item)
  return #item == 6 and type(item[1]) == NUMBER and type(item[2]) == NUMBER and type(item[3]) == NUMBER
end

-- Whether all items of a list are of this type.
local function areAll(list, wanted)
  for _, item in ipairs(list) do
    if type(item) ~= wanted or (wanted == TABLE and not isAttempt(item)) then
      return false
    end
  end
  return true
end

-- The fields of a text as stored. A field of another release keeps its letters. Fields are read one by one, since a table
-- with the letters would cost as much as the row. Fails where one has not the type of its field.
function fields.unpack(text)
  local count, offset = fieldsOf(text)
  local flat = { cmsgpack.unpack_limit(text, 2 * count, offset) }
  local row = {}
  for i = 2, 2 * count, 2 do
    local letters, value = flat[i], flat[i + 1]
    local wanted, items = TYPES[letters], ITEMS[letters]
    if (wanted and type(value) ~= wanted) or (items and not areAll(value, items)) then
      error('its state has no valid ' .. NAMES[letters])
    end
    row[NAMES[letters] or letters] = value
  end
  return row
end

-- What an execution does by its status, and by its location.
local DOES = { PENDING = 'waits', RETRYING = 'waits', RUNNING = 'runs' }
local DOES_AT = { running = 'runs', kept = 'ended', history = 'ended' }
for _, location in ipairs({ 'ready', 'delayed', 'dependencies', 'lock', 'unhandled' }) do
  DOES_AT[location] = 'waits'
end
for _, status in ipairs({ 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED' }) do
  DOES[status] = 'ended'
end

-- Fails where fields that belong together do not go together: the row of a state, and what stands behind it.
function fields.check(row, base)
  local location = row.location or 'ready'
  local does = DOES[row.status or 'PENDING']
  local isComplete = does == DOES_AT[location]
    and (does ~= 'runs' or (row.workerId and row.lastWorkerId and row.claimNumber))
    and (location ~= 'ready' or row.readyEntry)
    and (row.edgeCount or not (row.satisfiedEdges or row.edgesReleased or ((row.openEdges or 0) > 0 and not row.boundBy)))
    and (row.edgesReleased or not row.edgesToReattach)
    and (row.dependentCount or not row.dependentNames)
  local lockKey = row.lockKey or base.lockKey
  if lockKey or row.heldLock or row.lockLine then
    isComplete = isComplete
      and lockKey
      and (row.lockTimeout or base.lockTimeout)
      and ((row.lockLine == nil) == (row.parkNumber == nil))
      and (location ~= 'lock' or (row.lockLine and (row.lockWaitUntil or not (row.lockMaxWait or base.lockMaxWait))))
  elseif location == 'lock' then
    isComplete = false
  end
  if not does or not isComplete then
    error('the fields of its state do not go together')
  end
end

function fields.pack(row)
  local stored = {}
  for name, value in pairs(row) do
    -- Flags that the engine sets are booleans.
    stored[LETTERS[name] or name] = value == true and 1 or value
  end
  return cmsgpack.pack(stored)
end

-- As unpack; nil where the text cannot be read.
function fields.tryUnpack(text)
  local ok, row = pcall(fields.unpack, text)
  return ok and row or nil
end

-- Some fields of a text as stored, in this order, without a row; nothing where the text cannot be read.
function fields.read(text, first, second)
  local ok, stored = pcall(cmsgpack.unpack, text)
  if ok and type(stored) == 'table' then
    return true, stored[LETTERS[first]], stored[LETTERS[second]]
  end
  return false
end

-- Statuses of executions that have ended.
fields.TERMINAL = { COMPLETED = true, FAILED = true, CANCELLED = true, SKIPPED = true }

-- The status that a state says, and the worker that runs it; nil where it cannot be read.
function fields.statusOf(state)
  if records.isCompleted(state) then
    return 'COMPLETED'
  elseif records.isWaiting(state) then
    return 'PENDING'
  end
  local isRead, status, workerId = fields.read(state, 'status', 'workerId')
  status = isRead and (status or 'PENDING')
  return status and DOES[status] and status or nil, workerId
end

-- Whether a text as stored may have a field with this short string. A result may hold the same bytes, hence: may.
function fields.mayHave(text, name, value)
  local letters = LETTERS[name]
  local field = string.char(160 + #letters) .. letters .. string.char(160 + #value) .. value
  return find(text, field, 1, true) ~= nil
end
