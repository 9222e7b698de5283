#!lua flags=no-writes
-- For tests: the whole state in a canonical form that is the same on every store. Not bounded.
-- ARGV: context, operation (none)   Returns: JSON
-- @include queries
local function ids(list)
  local found = {}
  for i, row in ipairs(list) do
    found[i] = row.id
  end
  return found
end
local function sorted(key)
  local names = call('HKEYS', key)
  table.sort(names)
  return names
end
local executions = {}
for _, id in ipairs(call('HKEYS', keys.static)) do
  local row = rows.get(id)
  if row then
    local kept = {}
    for i, edge in ipairs(edges.of(row)) do
      kept[i] = { edge.ref, edge.type, edge.state, edge.upstreamId or false }
    end
    local view = inspect.view(row)
    view.number, view.place, view.leaseToken, view.crashes = row.number, row.location, row.leaseToken, row.crashes
    view.budget = row.budget
    view.edges, view.liveDependents, view.workerId = kept, row.liveDependents, row.workerId
    executions[#executions + 1] = view
  end
end
table.sort(executions, function(a, b)
  return a.number < b.number
end)
local running = {}
local workers = {}
for _, id in ipairs(sorted(keys.workers)) do
  local found = workerTable:get(id)
  local held = {}
  for i, run in ipairs(workerRuns.of(id)) do
    held[i] = run[1]
    local name = rows.get(run[1]).queue
    running[name] = (running[name] or 0) + 1
  end
  workers[#workers + 1] = {
    workerId = id,
    draining = found.draining or false,
    leaseUntil = context.instantOf(tonumber(call('ZSCORE', keys.leases, id))),
    running = held,
  }
end
local queues = {}
for _, name in ipairs(sorted(keys.queues)) do
  local record = call('HGET', keys.queues, name)
  local q = record ~= '' and cmsgpack.unpack(record) or {}
  local ready = {}
  for level = 0, 4 do
    ready[level + 1] = ids(inspect.ready(name, level, 1000000))
  end
  queues[#queues + 1] = {
    name = name,
    paused = q.paused or false,
    running = running[name] or 0,
    max = q.max or false,
    per = q.per or false,
    concurrency = q.concurrency or false,
    declared = q.declaredBy and { by = q.declaredBy, at = q.declaredTime } or false,
    ready = ready,
  }
end
local delayed = {}
for i, member in ipairs(call('ZRANGE', keys.delayed, 0, -1)) do
  local row = rows.get(string.sub(member, 14))
  delayed[i] = { row.id, row.dueAt }
end
local unhandled = {}
for _, queue in ipairs(sorted(keys.queues)) do
  local levels = unhandledTable.dump(queue)
  if levels then
    unhandled[#unhandled + 1] = { queue, levels }
  end
end
local locks = {}
for i, key in ipairs(sorted(keys.locks)) do
  local each = inspect.lock(tables.locks:get(key))
  each.parked = { {}, {}, {}, {}, {} }
  local parked = {}
  for _, member in ipairs(call('ZRANGE', keys.lines(key), 0, -1)) do
    local row = rows.get(string.match(member, '[^|]+$'))
    if row.location == 'lock' then
      parked[#parked + 1] = row
    end
  end
  table.sort(parked, function(a, b)
    return a.parkNumber < b.parkNumber
  end)
  for _, row in ipairs(parked) do
    table.insert(each.parked[row.level + 1], row.id)
  end
  locks[i] = each
end
local schedules, workflows, taskRecords = {}, {}, {}
for i, id in ipairs(sorted(keys.schedules)) do
  schedules[i] = call('HGET', keys.schedules, id)
end
for i, id in ipairs(sorted(keys.workflows)) do
  workflows[i] = inspect.workflow(id)
end
for i, id in ipairs(sorted(keys.tasks)) do
  taskRecords[i] = call('HGET', keys.tasks, id)
end
local history_ = {}
for outcome, list in pairs(historyTable.LISTS) do
  local units = {}
  for _, entry in ipairs(call('LRANGE', keys[list], 0, -1)) do
    local id, number, kind = string.match(entry, '^([^|]+)|?(%d*)|?(%a?)$')
    local found = kind ~= '' and workflow.get(id)
    local row = kind == '' and rows.get(id)
    if
      found and found.entry == tonumber(number)
      or (row and row.location == 'history' and (row.historyEntry or row.id) == entry)
    then
      units[#units + 1] = id
    end
  end
  history_[outcome] = units
end
local continuation = {}
for i, packed in ipairs(call('LRANGE', keys.continuation, 0, -1)) do
  continuation[i] = stepTable.unpack(packed)
end
local counters = inspect.counters()
return cjson.encode({
  executions = executions,
  queues = queues,
  delayed = delayed,
  unhandled = unhandled,
  locks = locks,
  schedules = schedules,
  workers = workers,
  workflows = workflows,
  tasks = taskRecords,
  history = history_,
  continuation = continuation,
  counters = counters,
})
