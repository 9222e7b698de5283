-- How a row is stored: the state of an execution (`keys.state`), and what it was created with beside its record
-- (`keys.extra`), both as MessagePack. The letters are what is stored, and appear nowhere else.
local records = {}

-- letter, name, meaning. A field that is absent has its default, see rows.lua. A flag is 1 or absent.
local FIELDS = {
  { 'st', 'status' },
  { 'pl', 'location' }, -- 'ready', 'delayed', 'dependencies', 'lock', 'unhandled', 'running', 'kept', 'history', 'gone'
  { 'at', 'dueAt' }, -- ms since 1970, as all times
  { 'dt', 'isDated' }, -- flag: due at a date, which stays where the server's clock goes back
  { 'sa', 'startedAt' },
  { 'ca', 'completedAt' },
  { 'cr', 'cancelRequestedAt' },
  { 'en', 'readyEntry' }, -- its entry in a ready list
  { 'od', 'isMisplaced' }, -- flag: that entry looks like one of a simple execution
  -- Runs
  { 'a', 'leaseToken' }, -- a run may be settled by who knows it
  { 'r', 'runs' }, -- runs begun and not released
  { 'f', 'failures' }, -- failed attempts
  { 'cx', 'crashes' },
  { 'sz', 'snoozes' }, -- runs that ended by RetryLaterError
  { 'no', 'claimNumber' },
  { 'w', 'workerId' }, -- the worker that runs it
  { 'wi', 'lastWorkerId' },
  { 'gr', 'cancelDeadline' }, -- its member in `keys.graces`
  { 'bd', 'runDeadline' }, -- its member in `keys.bounds`
  -- Outcome
  { 'res', 'result' }, -- JSON
  { 'err', 'error' }, -- JSON
  { 'rs', 'reason' },
  { 'rc', 'rootCause' }, -- { execution, task, status } of the upstream in which a failure began
  { 'ats', 'attempts' }, -- { run, started, ended, worker, outcome, error } of each
  { 'pg', 'hasProgress' }, -- flag
  { 'lg', 'hasLogs' }, -- flag
  { 'hn', 'historyEntry' }, -- its entry in a history list, where that is not its id
  { 'by', 'historyBytes' }, -- bytes that count there
  -- Edges to the executions that it depends on, its upstreams
  { 'ed', 'edgeCount' },
  { 'oe', 'openEdges' },
  { 'hs', 'satisfiedEdges' }, -- by index: 1 without a result, 2 with one, 3 where the edge's record says the rest
  { 'xe', 'hasExternalEdges' }, -- flag: some lead out of its workflow
  { 'tu', 'readsEdgeRecords' }, -- flag: the records of its edges decide, since their upstreams do not know all of them
  -- Dependents
  { 'nd', 'dependentCount' },
  { 'dn', 'dependentNames' }, -- the first of their edges, see edges.lua
  { 'ld', 'liveDependents' }, -- those outside of its workflow that have not ended
  { 'ub', 'usedBy' }, -- by task: the request that used its outcome
  { 'tl', 'endedCompactly' }, -- flag: a compact member whose dependents know of its end
  -- Lock
  { 'lk', 'lockKey' }, -- the lock that it needs
  { 'lt', 'lockTimeout' }, -- ms
  { 'lm', 'lockMaxWait' }, -- ms
  { 'hd', 'heldLock' }, -- the lock that it holds
  { 'fk', 'fencingToken' },
  { 'pk', 'lockLine' }, -- the lock in whose line it waits, parked or ready
  { 'pn', 'parkNumber' }, -- its place in that line
  { 'lw', 'lockWaitUntil' }, -- its member in `keys.lockWaits`, whose score is the end of the wait
  { 'lu', 'lockWaitLeft' }, -- ms left of the wait while it stands ready
  -- What few are created with
  { 'tags', 'tags' },
  { 'sch', 'scheduleId' },
}

local NAMES, LETTERS = {}, {}
for _, field in ipairs(FIELDS) do
  NAMES[field[1]], LETTERS[field[2]] = field[2], field[1]
end

-- How MessagePack begins a map of up to 15 fields, a larger one, and an empty table.
local SMALL_MAP, LARGE_MAP, EMPTY = 128, 222, 144

-- How many fields a text as stored has, and at which byte they begin.
local function fieldsOf(text)
  local first, high, low = string.byte(text, 1, 3)
  if first == LARGE_MAP then
    return high * 256 + low, 3
  elseif first and first >= SMALL_MAP and first <= EMPTY then
    return first % 16, 1
  end
  error('its state is no row')
end

-- The fields of a text as stored. A field of another release keeps its letters. Fields are read one by one, since a table
-- with the letters would cost as much as the row.
function records.unpackRow(text)
  local count, offset = fieldsOf(text)
  local flat = { cmsgpack.unpack_limit(text, 2 * count, offset) }
  local row = {}
  for i = 2, 2 * count, 2 do
    local letters = flat[i]
    row[NAMES[letters] or letters] = flat[i + 1]
  end
  return row
end

function records.packRow(row)
  local stored = {}
  for name, value in pairs(row) do
    stored[LETTERS[name] or name] = value
  end
  return cmsgpack.pack(stored)
end

-- As unpackRow; nil where the text cannot be read.
function records.tryUnpackRow(text)
  local ok, row = pcall(records.unpackRow, text)
  return ok and row or nil
end

-- Some fields of a text as stored, in this order, without a row; nothing where the text cannot be read.
function records.readFields(text, first, second)
  local ok, stored = pcall(cmsgpack.unpack, text)
  if ok and type(stored) == 'table' then
    return true, stored[LETTERS[first]], stored[LETTERS[second]]
  end
  return false
end

-- Whether a text as stored may have a field with this short string. A result may hold the same bytes, hence: may.
function records.mayHave(text, name, value)
  local letters = LETTERS[name]
  local field = string.char(160 + #letters) .. letters .. string.char(160 + #value) .. value
  return string.find(text, field, 1, true) ~= nil
end
