-- Rows of executions as MessagePack: states, and `keys.extra`. The codes are what is stored, and appear nowhere else. Types
-- are checked when a row is read, so no other module checks them.
local fields = {}

local TEXT, NUMBER, TABLE = 'string', 'number', 'table'

-- Code, name, type; meaning. An absent field has the default of rows.lua. A flag is 1 or absent.
local FIELDS = {
  { 'st', 'status', TEXT },
  { 'pl', 'location', TEXT }, -- 'ready', 'delayed', 'dependencies', 'lock', 'unhandled', 'running', 'kept', 'history', 'gone'
  { 'at', 'dueAt', NUMBER }, -- ms since 1970, as all times
  { 'dt', 'isDated', NUMBER }, -- flag: due at a date, which a step of the clock does not move
  { 'sa', 'startedAt', NUMBER },
  { 'ca', 'completedAt', NUMBER },
  { 'cr', 'cancelRequestedAt', NUMBER },
  { 'en', 'readyEntry', TEXT }, -- its entry in a ready list
  { 'od', 'isMisplaced', NUMBER }, -- flag: that entry looks like a simple execution's
  -- Runs
  { 'a', 'leaseToken', NUMBER }, -- a settlement with an old one is stale
  { 'r', 'runs', NUMBER }, -- runs that were started and not released
  { 'f', 'failures', NUMBER }, -- failed attempts
  { 'cx', 'crashes', NUMBER },
  { 'sz', 'snoozes', NUMBER }, -- runs that ended with RetryLaterError
  { 'no', 'claimNumber', NUMBER },
  { 'ur', 'isUnregistered', NUMBER }, -- flag: its task was removed during the run
  { 'w', 'workerId', TEXT }, -- the worker that runs it
  { 'wi', 'lastWorkerId', TEXT },
  { 'gr', 'cancelDeadline', TEXT }, -- its member in `keys.cancelDeadlines`
  { 'bd', 'runDeadline', TEXT }, -- its member in `keys.runDeadlines`
  { 'xp', 'expiry', TEXT }, -- its member in `keys.expiries`
  -- Outcome
  { 'res', 'result', TEXT }, -- JSON
  { 'err', 'error', TEXT }, -- JSON, or ^ and the run whose attempt has it, see attemptTable.lua
  { 'rs', 'reason', TEXT },
  { 'rc', 'rootCause', TABLE }, -- { execution, task, status } in which the failure began
  { 'ac', 'attemptCount', NUMBER }, -- attempts in the list of attemptTable.lua
  { 'ats', 'attempts', TABLE }, -- of an earlier release: the attempts themselves
  { 'pg', 'hasProgress', NUMBER }, -- flag
  { 'lg', 'hasLogs', NUMBER }, -- flag
  { 'hn', 'historyEntry', TEXT }, -- its entry in a history list, if other than its id
  { 'by', 'historyBytes', NUMBER }, -- its bytes there
  -- Edges to its upstreams
  { 'ed', 'edgeCount', NUMBER },
  { 'oe', 'openEdges', NUMBER },
  { 'hs', 'satisfiedEdges', TABLE }, -- by index: 1 without a result, 2 with one, 3 if the edge's record has the rest
  { 'bb', 'boundBy', TEXT }, -- the batch with further edges of it; until they are bound, they count as one open edge
  { 'eg', 'edgesReleased', NUMBER }, -- after its end or reopening: how many of its edges, from the first, are released
  { 'er', 'edgesToReattach', NUMBER }, -- after its reopening: how many edges, from the first, must be reattached
  { 'ke', 'isKeptForEdges', NUMBER }, -- flag: it has ended, and stays out of history for such an edge
  { 'xe', 'hasExternalEdges', NUMBER }, -- flag: some upstreams are outside of its workflow
  { 'tu', 'readsEdgeRecords', NUMBER }, -- flag: the records of its edges count, since their upstreams do not name all of them
  -- Dependents
  { 'nd', 'dependentCount', NUMBER },
  { 'ep', 'endsToPropagate', NUMBER }, -- ends that are not fully propagated
  { 'ar', 'arrivalSteps', NUMBER }, -- steps that still attach edges that waited for it
  { 'an', 'arrivalNumber', NUMBER }, -- while there are such steps: edges with a lower number have waited for it
  { 'be', 'brokenEdge', NUMBER }, -- of a SKIPPED one: from which edge on one could not hold
  { 'dn', 'dependentNames', TABLE }, -- names of the first edges, see edges.lua
  { 'ld', 'liveDependents', NUMBER }, -- dependents outside of its workflow that have not ended
  { 'ub', 'usedBy', TABLE }, -- by task: the request that used its outcome
  { 'tl', 'endedCompactly', NUMBER }, -- flag: a compact member whose end is counted in its dependents
  -- Lock
  { 'lk', 'lockKey', TEXT }, -- the lock that it requires
  { 'lt', 'lockTimeout', NUMBER }, -- ms
  { 'lm', 'lockMaxWait', NUMBER }, -- ms
  { 'hd', 'heldLock', TEXT }, -- the lock that it holds
  { 'fk', 'fencingToken', NUMBER },
  { 'pk', 'lockLine', TEXT }, -- the lock in whose line it is, parked or ready
  { 'pn', 'parkNumber', NUMBER }, -- its number in that line
  { 'lw', 'lockWaitUntil', TEXT }, -- its member in `keys.lockWaits`, whose score is the end of the wait
  { 'lu', 'lockWaitLeft', NUMBER }, -- ms left of the wait while it is ready
  -- Rarely used options
  { 'tags', 'tags', TABLE },
  { 'ttl', 'ttl', NUMBER }, -- maximum ms until its first run
  { 'sch', 'scheduleId', TEXT },
}

local NAMES, LETTERS, TYPES = {}, {}, {}
for _, field in ipairs(FIELDS) do
  NAMES[field[1]], LETTERS[field[2]], TYPES[field[1]] = field[2], field[1], field[3]
end
-- Codes of lists, and the types of their items. The contents of other tables are only compared.
local ITEMS = { rc = TEXT, ats = TABLE, dn = TEXT, tags = TEXT }

-- The first bytes of MessagePack maps: up to 15 fields, more, and an empty Lua table.
local SMALL_MAP, LARGE_MAP, EMPTY = 128, 222, 144

-- The number of fields of a stored text, and the byte at which they begin.
local function fieldsOf(text)
  local first, highByte, lowByte = byte(text, 1, 3)
  if first == LARGE_MAP then
    return highByte * 256 + lowByte, 3
  elseif first and first >= SMALL_MAP and first <= EMPTY then
    return first % 16, 1
  end
  error('its state is no row')
end

function fields.isAttempt(item)
  return type(item) == TABLE
    and #item == 6
    and type(item[1]) == NUMBER
    and type(item[2]) == NUMBER
    and type(item[3]) == NUMBER
end

-- Whether all items of a list have this type.
local function areAll(list, expected)
  for _, item in ipairs(list) do
    if type(item) ~= expected or (expected == TABLE and not fields.isAttempt(item)) then
      return false
    end
  end
  return true
end

-- The fields of a stored text. An unknown code (of another release) is kept as its own name. Fields are read one by one,
-- since an intermediate table would cost as much as the row. Throws if a field has the wrong type.
function fields.unpack(text)
  local count, offset = fieldsOf(text)
  local flat = { cmsgpack.unpack_limit(text, 2 * count, offset) }
  local row = {}
  for i = 2, 2 * count, 2 do
    local letters, value = flat[i], flat[i + 1]
    local expected, items = TYPES[letters], ITEMS[letters]
    if (expected and type(value) ~= expected) or (items and not areAll(value, items)) then
      error('its state has no valid ' .. NAMES[letters])
    end
    row[NAMES[letters] or letters] = value
  end
  return row
end

-- What an execution does, by its status and by its location.
local DOES = { PENDING = 'waits', RETRYING = 'waits', RUNNING = 'runs' }
local DOES_AT = { running = 'runs', kept = 'ended', history = 'ended' }
for _, location in ipairs({ 'ready', 'delayed', 'dependencies', 'lock', 'unhandled' }) do
  DOES_AT[location] = 'waits'
end
for _, status in ipairs({ 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED' }) do
  DOES[status] = 'ended'
end

-- Throws if the fields of a row contradict each other. `base`: the record and extras that the row inherits from.
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
    -- The engine sets flags to booleans.
    stored[LETTERS[name] or name] = value == true and 1 or value
  end
  return cmsgpack.pack(stored)
end

-- As unpack; nil if the text is unreadable.
function fields.tryUnpack(text)
  local ok, row = pcall(fields.unpack, text)
  return ok and row or nil
end

-- Two fields of a stored text, without a row; nothing if it is unreadable.
function fields.read(text, first, second)
  local ok, stored = pcall(cmsgpack.unpack, text)
  if ok and type(stored) == 'table' then
    return true, stored[LETTERS[first]], stored[LETTERS[second]]
  end
  return false
end

-- Statuses of ended executions.
fields.TERMINAL = { COMPLETED = true, FAILED = true, CANCELLED = true, SKIPPED = true }

-- The status in a state, and the worker of its run; nil if it is unreadable.
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

-- Whether it is the state of an execution that has ended, and has no edges.
function fields.endedAlone(state)
  if records.isCompleted(state) then
    return true
  end
  local _, status, edgeCount = fields.read(state, 'status', 'edgeCount')
  return fields.TERMINAL[status or 'PENDING'] == true and not edgeCount
end

-- Whether a stored text may have this short string in a field. `may`, since a result can contain the same bytes.
function fields.mayHave(text, name, value)
  local letters = LETTERS[name]
  local field = string.char(160 + #letters) .. letters .. string.char(160 + #value) .. value
  return find(text, field, 1, true) ~= nil
end
