-- Executions as Lua sees them: what they were created with, and how they stand. Read once, written once.
rows.cache, rows.dirty = {}, {}

local TERMINAL = { COMPLETED = true, FAILED = true, CANCELLED = true, SKIPPED = true }
-- Fields of the state; what is absent has its default.
local FIELDS = {
  'st', 'pl', 'at', 'sa', 'ca', 'cr', 'a', 'r', 'f', 'cx', 'oe', 'w', 'wi', 'res', 'err', 'rs', 'ats', 'en',
  'hd', 'fk', 'rv', 'pk', 'pn', 'lw', 'gr', 'bd', 'ld', 'ub', 'nd', 'ed', 'rc', 'pg', 'lg', 'no', 'hn',
}

-- n|created|due|flags|task|queue|level|timeout|payload
local HEAD = '^(%d+)|(%d+)|(-?%d+)|([^|]*)|([^|]*)|([^|]*)|(%d)|(%d*)|()'

function rows.parse(id, record)
  local n, created, due, flags, task, queue, level, timeout, body = string.match(record, HEAD)
  return {
    id = id,
    n = tonumber(n),
    created = tonumber(created),
    due = tonumber(due),
    task = task,
    queue = queue,
    level = tonumber(level),
    timeout = tonumber(timeout),
    flags = flags,
    record = record,
    -- Where the payload begins: it may be large, and is seldom looked at.
    body = body,
    -- A plain one that is ready since it was created has no state of its own.
    st = 'PENDING',
    pl = 'ready',
    at = tonumber(due),
    sa = 0,
    ca = 0,
    cr = 0,
    a = 0,
    r = 0,
    f = 0,
    cx = 0,
    oe = 0,
    en = id,
  }
end

-- A plain one's run, as its running entry 'p<started>|<no>' tells it.
function rows.setRunning(row, worker, entry)
  local started, no = string.match(entry, '^%a(%d+)|(%d+)$')
  row.st, row.pl, row.en = 'RUNNING', 'running', nil
  row.sa, row.no = tonumber(started), tonumber(no)
  row.a, row.r = 1, 1
  row.w, row.wi = worker, worker
end

-- A plain one's end: C<completed>|<started>|<worker>|<result>
function rows.setCompleted(row, state)
  local completed, started, worker, result = string.match(state, '^C(%d+)|(%d+)|([^|]*)|(.*)$')
  row.st, row.pl, row.en = 'COMPLETED', 'history', nil
  row.ca, row.sa, row.wi = tonumber(completed), tonumber(started), worker
  row.a, row.r = 1, 1
  if result ~= '' then
    row.res = result
  end
end

function rows.setState(row, state)
  if string.byte(state) == 67 then
    return rows.setCompleted(row, state)
  end
  row.en = nil
  for key, value in pairs(cmsgpack.unpack(state)) do
    row[key] = value
  end
end

local function workers()
  rows.workers = rows.workers or call('ZRANGE', keys.leases, 0, -1)
  return rows.workers
end

-- The payload as it was given, '' for none.
function rows.payload(row)
  return string.sub(row.record, row.body)
end

-- Makes the row of a record already read. `resting`: it is known that no worker runs it.
function rows.make(id, record, state, resting)
  local row = rows.parse(id, record)
  row.plain = not state and row.flags == ''
  if state then
    rows.setState(row, state)
  elseif not resting then
    for _, worker in ipairs(workers()) do
      local entry = call('HGET', keys.running(worker), id)
      if entry then
        rows.setRunning(row, worker, entry)
        break
      end
    end
  end
  if row.flags ~= '' then
    local extra = call('HGET', keys.extra, id)
    if extra then
      for key, value in pairs(cmsgpack.unpack(extra)) do
        row[key] = value
      end
    end
  end
  rows.cache[id] = row
  return row
end

-- The execution of that id, or nil.
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
  return rows.make(id, record, call('HGET', keys.state, id), resting)
end

function rows.touch(row)
  row.plain = false
  rows.dirty[row.id] = row
end

function rows.isTerminal(row)
  return TERMINAL[row.st] == true
end

-- Moves an execution to another status: the only place that does, so that counts never drift.
function rows.move(row, status)
  frame.count(row.st, -1)
  frame.count(status, 1)
  row.st = status
  rows.touch(row)
end

function rows.save()
  for id, row in pairs(rows.dirty) do
    if row.pl ~= 'gone' then
      local state = {}
      for _, field in ipairs(FIELDS) do
        local value = row[field]
        if value ~= nil and value ~= 0 and value ~= false then
          state[field] = value
        end
      end
      call('HSET', keys.state, id, cmsgpack.pack(state))
    end
  end
end
