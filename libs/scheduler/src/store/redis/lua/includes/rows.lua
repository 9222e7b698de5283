-- Executions as Lua sees them. A row holds how an execution stands, and nothing else, so that it is kept as it is; what
-- it was created with, and the defaults of what it does not say, stand behind it.
function rows.begin()
  rows.cache, rows.dirty, rows.extras = {}, {}, {}
  -- Rows that have no state of their own in the store, by id: ready since they were created, or running since then.
  rows.plain, rows.plainRun = {}, {}
  -- Executions whose texts cannot be read, and why: they count as missing, and the verb's end sets them aside.
  rows.bad = {}
  -- Workers with a lease, once they are asked for.
  rows.workers = nil
end

local STATUSES = { PENDING = 1, RUNNING = 1, RETRYING = 1, COMPLETED = 1, FAILED = 1, CANCELLED = 1, SKIPPED = 1 }
local TERMINAL = { COMPLETED = true, FAILED = true, CANCELLED = true, SKIPPED = true }

-- n|created|due|flags|task|queue|level|timeout;budget|workflow|ref|payload; nothing here reads the budget
local HEAD = '^(%d+)|(%d+)|(-?%d+)|([^|]*)|([^|]*)|([^|]*)|(%d)|(%d*)([^|]*)|([^|]*)|([^|]*)|()'

-- How an execution stands, where its row does not say.
local defaults = {
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
defaults.__index = defaults

-- What stands behind the row of a record.
local function parse(id, record)
  local n, created, due, flags, task, queue, level, timeout, budgetText, wf, ref, body = string.match(record, HEAD)
  if not n then
    error('its record is unreadable')
  end
  local base = {
    id = id,
    number = tonumber(n),
    createdAt = tonumber(created),
    flags = flags,
    task = task,
    queue = queue,
    level = tonumber(level),
    timeout = tonumber(timeout),
    budget = budgetText,
    workflowId = wf ~= '' and wf or nil,
    ref = ref ~= '' and ref or nil,
    record = record,
    -- Where the payload begins: it may be large, and is seldom looked at.
    payloadStart = body,
    dueAt = tonumber(due),
  }
  base.__index = base
  return setmetatable(base, defaults)
end

-- A plain one's run, as its running entry 'p<started>|<no>' tells it.
local function setRunning(row, worker, entry)
  local started, no = string.match(entry, '^%a(%d+)|(%d+)$')
  if not started then
    error('its running entry is unreadable')
  end
  row.status, row.location, row.readyEntry = 'RUNNING', 'running', nil
  row.startedAt, row.claimNumber = tonumber(started), tonumber(no)
  row.leaseToken, row.runs = 1, 1
  row.workerId, row.lastWorkerId = worker, worker
  rows.plainRun[row.id] = true
end

-- A plain one's end: C<completed>|<started>|<worker>|<result>
local function setCompleted(row, state)
  local completed, started, worker, result = string.match(state, '^C(%d+)|(%d+)|([^|]*)|(.*)$')
  if not completed then
    error('its state is unreadable')
  end
  local isKept = row.workflowId and workflow.get(row.workflowId)
  row.status, row.location = 'COMPLETED', isKept and 'kept' or 'history'
  row.completedAt, row.startedAt, row.lastWorkerId = tonumber(completed), tonumber(started), worker
  row.leaseToken, row.runs = 1, 1
  if result ~= '' then
    row.result = result
  end
end

-- A state as it was packed.
local function unpackState(state)
  local row = records.unpackRow(state)
  for name, default in pairs(defaults) do
    if row[name] ~= nil and name ~= '__index' and type(row[name]) ~= type(default) then
      error('its state has no valid ' .. name)
    end
  end
  if row.status and not STATUSES[row.status] then
    error('its state has no valid status')
  end
  return row
end

-- Which edges of a lean member hold: those whose upstreams ended in the lean way, and so have told it.
local function heldEdges(ties)
  local held, unread, indices = {}, {}, {}
  for index, tie in ipairs(ties) do
    local upstream = rows.cache[tie[1]]
    if upstream then
      held[index] = upstream.endedCompactly and 2 or nil
    else
      unread[#unread + 1], indices[#indices + 1] = tie[1], index
    end
  end
  for i, state in ipairs(readAll('HMGET', keys.state, unread)) do
    local first = state and string.byte(state)
    if first and (first == 67 or (first ~= 79 and unpackState(state).endedCompactly)) then
      held[indices[i]] = 2
    end
  end
  return held
end

local function allHeld(ties)
  local held = {}
  for index = 1, #ties do
    held[index] = 2
  end
  return held
end

-- A lean member's row: what others keep in their states stands in its record, or follows from it.
local function makeLean(base, state)
  local row = setmetatable({}, base)
  local ties, names = links.edges(base.flags), links.dependents(base.flags)
  if #names > 0 then
    row.dependentNames, row.dependentCount = names, #names
  end
  local first = state and string.byte(state)
  if #ties > 0 then
    row.edgeCount = #ties
    row.satisfiedEdges = first == 79 and heldEdges(ties) or allHeld(ties)
  end
  if first == 79 then
    row.location, row.openEdges = 'dependencies', tonumber(string.sub(state, 2))
  elseif first == 67 then
    -- It has told its dependents of its end.
    row.endedCompactly = 1
    setCompleted(row, state)
  else
    row.readyEntry = base.id
    rows.plain[base.id] = true
  end
  return row
end

-- The payload as it was given, '' for none.
function rows.payload(row)
  return string.sub(row.record, row.payloadStart)
end

-- Fails where a text is unreadable.
local function makeRow(id, record, state)
  local base = parse(id, record)
  if base.flags == 'x' then
    for key, value in pairs(records.unpackRow(rows.extras[id] or call('HGET', keys.extra, id))) do
      base[key] = value
    end
  end
  local row
  local first = state and string.byte(state)
  if string.byte(base.flags) == 102 and (not first or first == 67 or first == 79) then
    row = makeLean(base, state)
  elseif not state then
    row = setmetatable({ readyEntry = id }, base)
    rows.plain[id] = base.flags == ''
  elseif first == 67 then
    row = setmetatable({}, base)
    setCompleted(row, state)
  else
    row = setmetatable(unpackState(state), base)
  end
  return row
end

local function spoil(id, why)
  rows.bad[id] = why
  rows.cache[id], rows.plain[id], rows.plainRun[id] = false, nil, nil
end

-- The row of a record, and of its state where it has one; nil where they cannot be read, and where its workflow was
-- dropped, as it is about to be.
local function make(id, record, state)
  local ok, row = pcall(makeRow, id, record, state)
  if not ok then
    return spoil(id, row)
  end
  if row.workflowId and TERMINAL[row.status] and not workflow.get(row.workflowId) then
    rows.cache[id] = false
    return nil
  end
  rows.cache[id] = row
  return row
end

-- Finds out which worker runs it, if any does.
local function findRun(row)
  rows.workers = rows.workers or call('ZRANGE', keys.leases, 0, -1)
  for _, worker in ipairs(rows.workers) do
    local entry = call('HGET', keys.running(worker), row.id)
    if entry then
      local ok, why = pcall(setRunning, row, worker, entry)
      return ok or spoil(row.id, why)
    end
  end
end

-- A row that is about to be stored.
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

-- The execution of that id, or nil. `resting`: it is known that no worker runs it.
function rows.get(id, resting)
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
  if row and not state and not resting then
    findRun(row)
  end
  return rows.cache[id] or nil
end

-- Reads at once what these records have beside them.
local function fetchExtras(ids, from, texts)
  local some = {}
  for i, text in ipairs(texts) do
    -- A payload may hold the same: then there is nothing to read.
    if text and string.find(text, '|x|', 1, true) then
      some[#some + 1] = ids[from + i - 1]
    end
  end
  for i, extra in ipairs(readAll('HMGET', keys.extra, some)) do
    rows.extras[some[i]] = extra
  end
end

-- Reads many at once. worker: runs most of those that have no state, where that is known. resting: no worker runs them.
function rows.fetch(ids, worker, resting)
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
        if row and not states[i] and not resting then
          stateless[#stateless + 1] = id
        end
      end
    end
    local runs = worker and readAll('HMGET', keys.running(worker), stateless) or {}
    for i, id in ipairs(stateless) do
      if runs[i] then
        local ok, why = pcall(setRunning, rows.cache[id], worker, runs[i])
        if not ok then
          spoil(id, why)
        end
      else
        findRun(rows.cache[id])
      end
    end
  end
end

function rows.touch(row)
  rows.plain[row.id] = nil
  rows.dirty[row.id] = row
end

function rows.isTerminal(row)
  return TERMINAL[row.status] == true
end

-- Moves an execution to another status: the only place that does, so that counts never drift.
function rows.move(row, status)
  frame.count(row.status, -1)
  frame.count(status, 1)
  row.status = status
  rows.touch(row)
end

-- What looks plain and is no longer: its run, or its entry in a ready list, is made known as such.
local function unmask(row)
  if rows.plainRun[row.id] and row.status == 'RUNNING' then
    call('HSET', keys.running(row.workerId), row.id, 's' .. row.startedAt .. '|' .. row.claimNumber)
  elseif row.location == 'ready' and row.readyEntry == row.id and not row.isMisplaced then
    row.isMisplaced = 1
    call('HINCRBY', keys.holes, 'odd', 1)
  end
end

-- A row leaves the ready list in which it looked plain.
function rows.forgetOdd(row)
  if row.isMisplaced then
    row.isMisplaced = nil
    call('HINCRBY', keys.holes, 'odd', -1)
  end
end

function rows.save()
  for id, why in pairs(rows.bad) do
    aside.execution('row', id, why)
  end
  rows.bad = {}
  local pairs_ = {}
  for id, row in pairs(rows.dirty) do
    if row.location ~= 'gone' then
      unmask(row)
      pairs_[#pairs_ + 1] = id
      pairs_[#pairs_ + 1] = records.packRow(row)
    end
  end
  callAll('HSET', keys.state, pairs_)
  rows.dirty = {}
end
