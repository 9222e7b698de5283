#!lua flags=no-writes
-- Totals and the first queues, or further queues.
-- ARGV: context, operation (none), queues...
-- Returns: JSON; `rest` names further queues that are not shown, `next` is the cursor for queueNames ('0': end)
-- @include queries
-- Queues per call, and entries of a ready list that are examined for its first ready execution.
local QUEUES_AT_ONCE, HEADS_EXAMINED, UNHANDLED_SHOWN = 20, 100, 100
local names, rest, next = {}, {}, nil
if #ARGV > 2 then
  for i = 3, #ARGV do
    names[#names + 1] = ARGV[i]
  end
else
  local page = call('HSCAN', keys.queues, '0', 'COUNT', QUEUES_AT_ONCE)
  next = page[1]
  for i = 1, #page[2], 2 do
    table.insert(#names < QUEUES_AT_ONCE and names or rest, page[2][i])
  end
end
-- Queues that live workers serve.
local served = {}
local workers = call('ZRANGE', keys.leases, 0, -1)
for _, found in ipairs(workerTable.fetch(workers)) do
  for _, name in ipairs(not found.draining and found.queues or {}) do
    served[name] = true
  end
end

-- The first ready execution of a list, by the states of its entries, since records may be large.
local function firstOf(name, level)
  local entries, ids, first = call('LRANGE', keys.ready(name, level), 0, HEADS_EXAMINED - 1), {}, nil
  for i, entry in ipairs(entries) do
    ids[i] = string.match(entry, '^[^|]*')
  end
  local at = 0
  readSome(ids, STEP_BYTES, function(part)
    local bytes = 0
    for i, state in ipairs(readAll('HMGET', keys.state, part)) do
      at, bytes = at + 1, bytes + (state and #state or 0)
      local isRead, location, entry = true, 'ready', part[i]
      if state then
        isRead, location, entry = fields.read(state, 'location', 'readyEntry')
      end
      if not first and isRead and (location or 'ready') == 'ready' and entry == entries[at] then
        first = rows.get(part[i], true)
      end
    end
    return first and math.huge or bytes
  end)
  return first
end

local function view(name)
  local record = call('HGET', keys.queues, name) or ''
  local each = { queue = name, paused = false, limits = false, served = served[name] or false, sizes = {}, oldest = {} }
  if record ~= '' then
    local queue = queueTable.read(name, record)
    each.paused = queue.paused or false
    if queue.max or queue.concurrency then
      each.limits = {
        max = queue.max or false,
        per = queue.per or false,
        concurrency = queue.concurrency or false,
        declaredBy = queue.declaredBy or false,
      }
    end
  end
  for level = 0, 4 do
    each.sizes[level + 1] = readyTable.size(name, level)
    local first = each.sizes[level + 1] > 0 and firstOf(name, level)
    each.oldest[level + 1] = first and first.dueAt or false
  end
  return each
end
local queues = {}
for _, name in ipairs(names) do
  if #queues == 0 or rows.bytes <= STEP_BYTES then
    queues[#queues + 1] = view(name)
  else
    -- The rows read so far are large: another call returns the other queues.
    rest[#rest + 1] = name
  end
end
if #ARGV > 2 then
  return cjson.encode({ queues = queues })
end
local counters, ends = inspect.counters(), {}
for _, id in ipairs(workers) do
  local prefetched = inspect.countPrefetched(id)
  if prefetched > 0 then
    counters.RUNNING, counters.PENDING = counters.RUNNING - prefetched, counters.PENDING + prefetched
  end
end
local flat = call('HGETALL', keys.window)
for i = 1, #flat, 2 do
  ends[flat[i]] = tonumber(flat[i + 1])
end
local errors = {}
for _, packed in ipairs(call('LRANGE', keys.errors, 0, -1)) do
  local ok, each = pcall(cmsgpack.unpack, packed)
  -- Unreadable entries are omitted.
  if ok and type(each) == 'table' and each[1] and each[4] then
    local isReadable, taskRecord = pcall(cjson.decode, call('HGET', keys.tasks, each[1]) or '')
    each[5] = isReadable and type(taskRecord) == 'table' and taskRecord.taskName or each[1]
    errors[#errors + 1] = each
  end
end
return cjson.encode({
  rest = rest,
  next = next,
  now = now,
  counters = counters,
  queues = queues,
  unhandled = call('ZRANGE', keys.unhandledTasks, 0, UNHANDLED_SHOWN - 1),
  delayed = call('ZCARD', keys.delayed),
  window = ends,
  errors = errors,
  locks = call('HLEN', keys.locks),
  setAside = counters.setAside or 0,
  returned = counters.returned or 0,
  rewound = counters.rewound or 0,
  workers = #workers,
})
