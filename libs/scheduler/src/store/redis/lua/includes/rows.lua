-- Executions in memory. A row has the fields of the execution's state only, since all of them are stored. It inherits from
-- the fields of its record, and from the defaults.
local rows = {}

function rows.begin()
  rows.cache, rows.dirty, rows.extras = {}, {}, {}
  -- Bytes of records and states that were read (each may have 256 kB), with the cost of searches for runs.
  rows.bytes = 0
  -- By id: rows without a stored state (ready or running since they were created); those of them that run.
  rows.isSimple, rows.isSimpleRun = {}, {}
  -- By id: whether executions that were read only as upstreams ended by the fast path.
  rows.endedCompactly = {}
  -- Unreadable executions, with the error: they count as missing, and the end of the verb sets them aside.
  rows.unreadable = {}
end

-- Rows that are read before their bytes are checked.
local READ_AT_ONCE = 4

-- The defaults of a state.
rows.defaults = {
  status = 'PENDING',
  location = 'ready',
  startedAt = 0,
  completedAt = 0,
  cancelRequestedAt = 0,
  leaseToken = 0,
  runs = 0,
  failures = 0,
  crashes = 0,
  snoozes = 0,
  openEdges = 0,
  liveDependents = 0,
}
rows.defaults.__index = rows.defaults

-- What the row of a record inherits.
local function parse(id, record)
  local base = records.parse(id, record)
  base.__index = base
  return setmetatable(base, rows.defaults)
end

-- Sets the run of a simple execution from its running entry.
local function setRunning(row, workerId, entry)
  row.status, row.location, row.readyEntry = 'RUNNING', 'running', nil
  row.startedAt, row.claimNumber = records.parseRun(entry)
  row.leaseToken, row.runs = 1, 1
  row.workerId, row.lastWorkerId = workerId, workerId
  rows.isSimpleRun[row.id] = true
end

-- Sets the end of a simple execution.
local function setCompleted(row, state)
  row.completedAt, row.startedAt, row.lastWorkerId, row.result = records.parseCompleted(state)
  local isKept = row.workflowId and workflow.get(row.workflowId)
  row.status, row.location = 'COMPLETED', isKept and 'kept' or 'history'
  row.leaseToken, row.runs = 1, 1
end

local function endedCompactly(state)
  if not state or records.isWaiting(state) then
    return false
  elseif records.isCompleted(state) then
    return true
  end
  local _, value = fields.read(state, 'endedCompactly')
  return value ~= nil
end

-- The satisfied edges of a compact member: those whose upstreams ended by the fast path, which has counted them. Results
-- there are small, and each is read once.
local function satisfiedEdgesOf(upstreams)
  local satisfied, unread, known = {}, {}, rows.endedCompactly
  for _, edge in ipairs(upstreams) do
    if not rows.cache[edge[1]] and known[edge[1]] == nil then
      unread[#unread + 1] = edge[1]
    end
  end
  for i, state in ipairs(readAll('HMGET', keys.state, unread)) do
    known[unread[i]] = endedCompactly(state)
    rows.bytes = rows.bytes + (state and #state or 0)
  end
  for index, edge in ipairs(upstreams) do
    local upstream = rows.cache[edge[1]]
    if upstream and upstream.endedCompactly or (not upstream and known[edge[1]]) then
      satisfied[index] = 2
    end
  end
  return satisfied
end

local function allSatisfied(upstreams)
  local satisfied = {}
  for index = 1, #upstreams do
    satisfied[index] = 2
  end
  return satisfied
end

-- The row of a compact member, whose record replaces parts of a state.
local function makeCompact(base, state)
  local row = setmetatable({}, base)
  local upstreams, names = records.upstreams(base.flags), records.dependents(base.flags)
  if #names > 0 then
    row.dependentNames, row.dependentCount = names, #names
  end
  local isWaiting = state and records.isWaiting(state)
  if #upstreams > 0 then
    row.edgeCount = #upstreams
    row.satisfiedEdges = isWaiting and satisfiedEdgesOf(upstreams) or allSatisfied(upstreams)
  end
  if isWaiting then
    row.location, row.openEdges = 'dependencies', records.openEdges(state)
  elseif state then
    -- The fast path has counted its end in its dependents.
    row.endedCompactly = 1
    setCompleted(row, state)
  else
    row.readyEntry = base.id
    rows.isSimple[base.id] = true
  end
  return row
end

-- The payload as given, '' for none.
function rows.payload(row)
  return string.sub(row.record, row.payloadStart)
end

-- Bytes of payload and result.
function rows.weigh(row)
  return #row.record - row.payloadStart + 1 + #(row.result or '')
end

-- Throws if a text is unreadable.
local function makeRow(id, record, state)
  local base = parse(id, record)
  if records.hasExtra(base.flags) then
    for key, value in pairs(fields.unpack(rows.extras[id] or call('HGET', keys.extra, id))) do
      base[key] = value
    end
  end
  local isCompleted = state and records.isCompleted(state)
  if records.isMemberAt(base.flags, 1) and (not state or isCompleted or records.isWaiting(state)) then
    return makeCompact(base, state)
  elseif not state then
    rows.isSimple[id] = base.flags == ''
    return setmetatable({ readyEntry = id }, base)
  elseif isCompleted then
    local row = setmetatable({}, base)
    setCompleted(row, state)
    return row
  end
  local row = fields.unpack(state)
  fields.check(row, base)
  return setmetatable(row, base)
end

local function markUnreadable(id, err)
  rows.unreadable[id] = err
  rows.cache[id], rows.isSimple[id], rows.isSimpleRun[id] = false, nil, nil
end

-- The row of a record and its state, if any; nil if they are unreadable, or if the workflow was dropped, whose members are
-- about to be.
local function make(id, record, state)
  rows.bytes = rows.bytes + #record + (state and #state or 0)
  local ok, row = pcall(makeRow, id, record, state)
  if not ok then
    return markUnreadable(id, row)
  end
  if row.workflowId and fields.TERMINAL[row.status] and not workflow.get(row.workflowId) then
    rows.cache[id] = false
    return nil
  end
  rows.cache[id] = row
  return row
end

-- Finds the workers that run these executions, if any.
local function findRuns(ids)
  local cost = runSearch.each(ids, function(i, workerId, entry)
    local ok, err = pcall(setRunning, rows.cache[ids[i]], workerId, entry)
    if not ok then
      markUnreadable(ids[i], err)
    end
  end)
  rows.bytes = rows.bytes + cost
end

-- A row that is not stored yet.
function rows.new(id, record, extra)
  local base = parse(id, record)
  for key, value in pairs(extra) do
    base[key] = value
  end
  local row = setmetatable({ location = 'new' }, base)
  rows.cache[id] = row
  rows.touch(row)
  return row
end

-- The execution of that id, or nil. `isNotRunning`: it is known that no worker runs it.
function rows.get(id, isNotRunning)
  local row = rows.cache[id]
  if row ~= nil then
    return row or nil
  end
  local record = call('HGET', keys.static, id)
  if not record then
    rows.cache[id] = false
    return nil
  end
  local state = call('HGET', keys.state, id)
  row = make(id, record, state)
  if row and not state and not isNotRunning then
    findRuns({ id })
  end
  return rows.cache[id] or nil
end

-- Reads the extras of these records together.
local function fetchExtras(ids, from, texts)
  local some = {}
  for i, text in ipairs(texts) do
    if text and records.mayHaveExtra(text) then
      some[#some + 1] = ids[from + i - 1]
    end
  end
  for i, extra in ipairs(readAll('HMGET', keys.extra, some)) do
    rows.extras[some[i]] = extra
  end
end

-- Reads many together. workerId: the worker that runs most of those without a state, if known. isNotRunning: no worker runs
-- them.
function rows.fetch(ids, workerId, isNotRunning)
  local missing, seen = {}, {}
  for _, id in ipairs(ids) do
    if rows.cache[id] == nil and not seen[id] then
      seen[id] = true
      missing[#missing + 1] = id
    end
  end
  for from = 1, #missing, 1000 do
    local to = math.min(from + 999, #missing)
    local texts = readAll('HMGET', keys.static, missing, from, to)
    local states = readAll('HMGET', keys.state, missing, from, to)
    local stateless = {}
    fetchExtras(missing, from, texts)
    for i, record in ipairs(texts) do
      local id = missing[from + i - 1]
      if not record then
        rows.cache[id] = false
      else
        local row = make(id, record, states[i])
        if row and not states[i] and not isNotRunning then
          stateless[#stateless + 1] = id
        end
      end
    end
    local runs, others = workerId and readAll('HMGET', keys.running(workerId), stateless) or {}, {}
    for i, id in ipairs(stateless) do
      if runs[i] then
        local ok, err = pcall(setRunning, rows.cache[id], workerId, runs[i])
        if not ok then
          markUnreadable(id, err)
        end
      else
        others[#others + 1] = id
      end
    end
    findRuns(others)
  end
end

-- Reads many, until the rows of this verb exceed `bytes`. Returns whether all are read.
function rows.fetchWithin(ids, bytes)
  local part = {}
  for i, id in ipairs(ids) do
    part[#part + 1] = id
    if #part == READ_AT_ONCE or i == #ids then
      rows.fetch(part)
      part = {}
      if rows.bytes > bytes then
        return i == #ids
      end
    end
  end
  return true
end

function rows.touch(row)
  rows.isSimple[row.id] = nil
  rows.dirty[row.id] = row
end

function rows.isTerminal(row)
  return fields.TERMINAL[row.status] == true
end

-- The only place that changes a status, so that the counters are correct.
function rows.setStatus(row, status)
  context.count(row.status, -1)
  context.count(status, 1)
  row.status = status
end

-- Changes the status of an execution.
function rows.move(row, status)
  rows.setStatus(row, status)
  rows.touch(row)
end

-- The execution gets a state: marks its running entry, or its entry in a ready list, as not simple.
local function markStateful(row)
  if rows.isSimpleRun[row.id] and row.status == 'RUNNING' then
    call('HSET', keys.running(row.workerId), row.id, records.runEntry(false, row.claimNumber, row.startedAt))
  elseif row.location == 'ready' and row.readyEntry == row.id and not row.isMisplaced then
    row.isMisplaced = 1
    call('HINCRBY', keys.tombstones, 'odd', 1)
  end
end

-- Removes the mark of a misplaced entry.
function rows.dropMisplaced(row)
  if row.isMisplaced then
    row.isMisplaced = nil
    call('HINCRBY', keys.tombstones, 'odd', -1)
  end
end

function rows.save()
  for id, err in pairs(rows.unreadable) do
    aside.execution('row', id, err)
  end
  rows.unreadable = {}
  local pairs_ = {}
  for id, row in pairs(rows.dirty) do
    if row.location ~= 'gone' then
      markStateful(row)
      attemptTable.save(row)
      pairs_[#pairs_ + 1] = id
      pairs_[#pairs_ + 1] = fields.pack(row)
    end
  end
  callAll('HSET', keys.state, pairs_)
  rows.dirty = {}
end
