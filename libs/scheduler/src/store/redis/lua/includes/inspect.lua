-- Views of the state. Nothing here writes.
local inspect = {}

function inspect.begin()
  inspect.taskRecords, inspect.queues, inspect.waiting = {}, {}, {}
end

local function taskRecord(task)
  local found = inspect.taskRecords[task]
  if found == nil then
    local text = call('HGET', keys.tasks, task)
    local ok, kept = pcall(cjson.decode, text or '')
    found = ok and type(kept) == 'table' and kept
    inspect.taskRecords[task] = found
  end
  return found or {}
end

local function queueOf(name)
  local found = inspect.queues[name]
  if not found then
    local record = call('HGET', keys.queues, name)
    found = queueTable.read(name, record)
    inspect.queues[name] = found
  end
  return found
end

-- Open edges per call, and edges that it examines for them.
local EDGES_LISTED, EDGES_EXAMINED = 200, 2000

-- The open edges from index `from` on, and the next index, or false at the end.
function inspect.openEdges(row, from)
  local open, upstreamIds, examined = {}, {}, 0
  local index, count = from, row.edgeCount or 0
  while index <= count and #open < EDGES_LISTED and examined < EDGES_EXAMINED do
    -- Satisfied edges are marked in the row.
    local undecided = {}
    while index <= count and #undecided < EDGES_LISTED - #open do
      if not (row.satisfiedEdges and row.satisfiedEdges[index]) then
        undecided[#undecided + 1] = index
      end
      index = index + 1
    end
    examined = examined + #undecided
    for _, edge in ipairs(edges.atIndices(row, undecided)) do
      if edge.state == 'open' then
        upstreamIds[#upstreamIds + 1] = edge.upstreamId
        open[#open + 1] = {
          taskId = edge.task,
          ref = edge.ref,
          type = edge.type,
          executionId = edge.upstreamId or false,
          status = false,
        }
      end
    end
  end
  local known = {}
  while #upstreamIds > 0 do
    local rest = {}
    local letters = statuses.of(upstreamIds)
    for i, id in ipairs(upstreamIds) do
      if letters[i] then
        known[id] = statuses.names[letters[i]]
      else
        rest[#rest + 1] = id
      end
    end
    upstreamIds = rest
  end
  for _, each in ipairs(open) do
    each.status = each.executionId and known[each.executionId] or false
  end
  return open, index <= count and index or false
end

-- Runs of a worker that wait in its process for a slot, for a short time: how many, and (on demand) which. A worker starts
-- runs in the order of their claims.
function inspect.countPrefetched(id)
  local worker = workerTable:get(id)
  return math.max(0, call('HLEN', keys.running(id)) - 1 - (worker and worker.slots or math.huge))
end

function inspect.isWaiting(id, runId)
  local waiting = inspect.waiting[id]
  if not waiting then
    waiting = {}
    inspect.waiting[id] = waiting
    local prefetched = inspect.countPrefetched(id)
    local runs = prefetched > 0 and workerRuns.of(id, prefetched) or {}
    for i = #runs - prefetched + 1, #runs do
      waiting[runs[i][1]] = true
    end
  end
  return waiting[runId] == true
end

statuses.isWaiting = inspect.isWaiting

-- The status to show: RUNNING only once the run has started.
function inspect.status(row)
  return row.status == 'RUNNING' and row.workerId and inspect.isWaiting(row.workerId, row.id) and 'PENDING'
    or row.status
end

-- Why it has not started.
local function waiting(row)
  local found = engine.view.waitingFor(tables, row, queueOf(row.queue))
  if not found then
    return nil
  end
  local shown = { kind = found.kind }
  if found.kind == 'dependencies' then
    shown.dependencies, shown.next = inspect.openEdges(row, 1)
  elseif found.kind == 'lock' then
    shown.lock = { key = row.lockLine, heldBy = found.lock.holder or found.lock.handle or false }
  elseif found.kind == 'handler' then
    shown.funcPath = taskRecord(row.task).funcPath
  end
  return shown
end

local function progressOf(text)
  local ok, found = pcall(cmsgpack.unpack, text)
  return ok and type(found) == 'table' and #found == 3 and found or false
end

-- The view of an execution, see store/views.ts; JSON texts remain texts.
function inspect.view(row)
  local progress = row.hasProgress and call('HGET', keys.progress, row.id)
  local status = inspect.status(row)
  local isWaiting = status ~= row.status
  return {
    executionId = row.id,
    taskId = row.task,
    taskName = taskRecord(row.task).taskName or row.task,
    status = status,
    priority = row.level,
    queue = row.queue,
    payload = rows.payload(row),
    dueAt = locationTable.dueAt(row),
    createdAt = row.createdAt,
    startedAt = isWaiting and 0 or row.startedAt,
    completedAt = row.completedAt,
    cancelRequestedAt = row.cancelRequestedAt,
    failures = row.failures,
    runs = isWaiting and row.runs - 1 or row.runs,
    snoozes = row.snoozes,
    result = row.result,
    error = attemptTable.errorOf(row),
    reason = row.reason,
    rootCause = row.rootCause,
    waiting = isWaiting and { kind = 'queue' } or waiting(row),
    attempts = attemptTable.of(row),
    lastWorkerId = not isWaiting and row.lastWorkerId or nil,
    progress = progress and progressOf(progress) or nil,
    logs = row.hasLogs and call('LRANGE', keys.logs(row.id), 0, -1) or nil,
    workflowId = row.workflowId,
    ref = row.ref,
    scheduleId = row.scheduleId,
    tags = row.tags,
  }
end

-- Up to `limit` rows of the current entries of a ready list from position `from` on, and the next position, nil at the end.
-- With `maxExamined`, examines at most that many entries, and reads no more than the budget of a reply.
function inspect.ready(name, level, limit, from, maxExamined)
  local list = keys.ready(name, level)
  local found, at, left = {}, from or 0, maxExamined or math.huge
  while #found < limit and left > 0 do
    local entries = call('LRANGE', list, at, at + math.min(left, 100) - 1)
    if #entries == 0 then
      return found, nil
    end
    for _, entry in ipairs(entries) do
      if #found >= limit or (maxExamined and budget.bytes <= 0) then
        return found, at
      end
      at, left = at + 1, left - 1
      local id = string.match(entry, '^[^|]+')
      local row = id and rows.get(id, true)
      if row then
        budget.bytes = budget.bytes - #row.record
        if row.location == 'ready' and row.readyEntry == entry then
          found[#found + 1] = row
        end
      end
    end
  end
  return found, at
end

function inspect.lock(lock)
  local owner = lock.holder or lock.handle
  return {
    key = lock.key,
    owner = owner or false,
    kind = lock.holder and 'execution' or lock.handle and 'handle' or false,
    token = lock.fencingToken,
    at = owner and lock.at or false,
    remaining = owner and math.max(0, lock.at - now) or false,
    waiting = call('ZCARD', keys.lines(lock.key)) + lock.handles,
    reserved = lock.reserved or false,
  }
end

function inspect.workflow(id)
  local workflowRow, record = workflow.get(id), workflow.record(id)
  local content = cjson.decode(string.sub(record.text, record.about))
  local nodes = {}
  -- For each node: its ref and task, then ref and type of each edge.
  for i, node in ipairs(content.nodes) do
    local row = rows.get(record.ids[i])
    local dependsOn = {}
    for k = 3, #node, 2 do
      dependsOn[#dependsOn + 1] = { ref = node[k], type = node[k + 1] }
    end
    nodes[i] = {
      ref = node[1],
      id = record.ids[i],
      task = node[2],
      -- Not inserted yet.
      status = row and inspect.status(row) or 'PENDING',
      dependsOn = dependsOn,
    }
  end
  return {
    id = id,
    name = content.name,
    status = workflowRow.status,
    created = record.created,
    completed = workflowRow.completedAt,
    open = workflowRow.open,
    order = record.order,
    nodes = nodes,
  }
end

function inspect.worker(id, lease)
  local worker = workerTable:get(id)
  return {
    id = id,
    hello = call('HGET', keys.registrations, id),
    draining = worker.draining or false,
    started = worker.started,
    lease = context.instantOf(tonumber(lease)),
    running = call('HLEN', keys.running(id)) - 1 - inspect.countPrefetched(id),
  }
end

-- Totals, and executions by status. Adds the derived counters.
function inspect.counters()
  local counters = {}
  local flat = call('HGETALL', keys.counters)
  for i = 1, #flat, 2 do
    counters[flat[i]] = tonumber(flat[i + 1])
  end
  counters.scheduled = context.created
  counters.PENDING = call('HLEN', keys.static)
  for _, status in ipairs({ 'RUNNING', 'RETRYING', 'COMPLETED', 'FAILED', 'CANCELLED', 'SKIPPED' }) do
    counters.PENDING = counters.PENDING - (counters[status] or 0)
  end
  return counters
end
