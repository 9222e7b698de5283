-- NEW -> PENDING for all executions and their workflow, or for none.
-- ARGV: context, operation, workflowId | '', record of the workflow | '', extras (JSON: index -> options that are not in
--   the execution's record) | '', groups (JSON: { queue, level, task } of the simple executions), group of each execution
--   as one character, worker of the caller | '', then for each execution: executionId, record
--   (flags|task|queue|level|timeout;budget|workflow|ref|payload)
-- Returns: { ids, where they differ from the given ones } | 'large' (the records of the upstreams are too large: use a bulk
--   insert) | time|claim number|number before the first (that worker has claimed all of them), effects |
--   { 'error', code, details... }
-- @include keys
-- @include context
-- @include effects

local FIRST = 9
-- Batches up to this size are checked id by id, see isRepeat.
local CHECKED_EACH = 16
local count = (#ARGV - FIRST + 1) / 2

-- @include records
-- @include dispatch

-- Whether any execution is already stored. A batch is stored as a whole, and the reply of a large one is remembered by its
-- operation id, so checking its first and last id is enough; checking each would cost as much as storing it. A single
-- execution is stored by the same command.
local function isRepeat(ids, idsAndRecords)
  if count == 1 then
    return call('HSETNX', keys.static, ids[1], idsAndRecords[2]) == 0
  end
  local checked = count > CHECKED_EACH and { ids[1], ids[count] } or ids
  for _, known in ipairs(readAll('HMGET', keys.static, checked)) do
    if known then
      return true
    end
  end
  return false
end

-- What is stored of the queues of these groups, by name; new queues are created.
local function queuesOf(groups)
  local queues = {}
  for _, group in ipairs(groups) do
    local name = group[1]
    queues[name] = queues[name] or call('HGET', keys.queues, name)
    if not queues[name] then
      call('HSET', keys.queues, name, '')
      queues[name] = ''
    end
  end
  return queues
end

-- Simple executions of tasks that no other task depends on, without rows.
local function enqueueSimple()
  local groups = cjson.decode(ARGV[6])
  local lists, buffers = {}, {}
  for i, group in ipairs(groups) do
    if call('SISMEMBER', keys.watched, group[3]) == 1 then
      return nil
    end
    lists[i] = keys.ready(group[1], group[2])
    buffers[lists[i]] = {}
  end
  local ids, idsAndRecords = {}, {}
  -- With one group, the list of ids is also the content of its ready list.
  local isOneList = #groups == 1
  if isOneList then
    buffers[lists[1]] = ids
  end
  for i = 1, count do
    local at = FIRST + 2 * (i - 1)
    local id = ARGV[at]
    ids[i] = id
    idsAndRecords[2 * i - 1] = id
    idsAndRecords[2 * i] = records.new(ARGV[at + 1])
    if not isOneList then
      local buffer = buffers[lists[string.byte(ARGV[7], i)]]
      buffer[#buffer + 1] = id
    end
  end
  if isRepeat(ids, idsAndRecords) then
    context.created = context.createdBefore
    return nil
  end
  local queues = queuesOf(groups)
  local dispatchedTo, claimNumber = dispatch.toIdleWorker(ARGV[8], groups, queues, ids, idsAndRecords)
  if count > 1 then
    callAll('HSET', keys.static, idsAndRecords)
  end
  callAll('RPUSH', keys.all, ids)
  for list, buffer in pairs(dispatchedTo and {} or buffers) do
    callAll('RPUSH', list, buffer)
  end
  for name, stored in pairs(dispatchedTo and {} or queues) do
    effects.wake(name, stored)
  end
  context.count('PENDING', count)
  context.count('scheduled', count)
  if effects.isSubscribed('scheduled') then
    for i = 1, count do
      local group = groups[string.byte(ARGV[7], i)]
      effects.pushScheduled(ids[i], group[3], group[1], group[2], false)
    end
  end
  if dispatchedTo and effects.isSubscribed('started') then
    for i = 1, count do
      local group = groups[string.byte(ARGV[7], i)]
      effects.push({
        codes.EXECUTION_EFFECT,
        'started',
        ids[i],
        group[3],
        'RUNNING',
        group[1],
        group[2],
        now,
        dispatchedTo,
        false,
        false,
        false,
        false,
      })
    end
  end
  local isOwn = dispatchedTo and dispatchedTo == ARGV[8]
  local claimed = isOwn and string.format('%d|%d|%d', now, claimNumber, context.createdBefore)
  local reply = context.replyOf(claimed or {}, effects.publish())
  context.remember(reply)
  context.save()
  return reply
end

if ARGV[5] == '' then
  local reply = enqueueSimple()
  if reply then
    return reply
  end
end

-- @include concerns
-- @include idempotency

local workflowId = ARGV[3]
if workflowId ~= '' and workflow.get(workflowId) then
  return { {}, '', now }
end

-- Replaces repeats (by id or idempotency key) by the executions that they repeat.
local extras = ARGV[5] ~= '' and cjson.decode(ARGV[5]) or {}

local given, requests, names, areFresh = {}, {}, {}, {}
for i = 1, count do
  local at = FIRST + 2 * (i - 1)
  given[i] = ARGV[at]
  requests[i] = idempotency.requestOf(ARGV[at], extras[tostring(i)] or {})
  requests[i].part = ARGV[at + 1]
  names[#names + 1] = requests[i].keyName
end
rows.fetch(given)
idempotency.prefetch(names)
local deduplicated = engine.idempotency.deduplicate(tables, requests)
if deduplicated.conflict then
  local extra = deduplicated.conflict.extra
  return { 'error', 'IDEMPOTENCY_CONFLICT', extra.task, extra.idempotency.key }
end
local fresh = deduplicated.fresh
for _, each in ipairs(fresh) do
  areFresh[each.executionId] = true
end
-- Upstreams are read before anything is written: if they are too large, the caller must use a bulk insert.
local upstreams = {}
for _, each in ipairs(fresh) do
  for _, edge in ipairs(each.extra.edges or {}) do
    local upstream = edge.to or tasks.newestId(edge.taskId)
    if upstream and not areFresh[upstream] then
      upstreams[#upstreams + 1] = upstream
    end
  end
end
if not rows.fetchWithin(upstreams, STEP_BYTES) then
  return commit('large')
end
for _, each in ipairs(fresh) do
  for _, edge in ipairs(each.extra.edges or {}) do
    if edge.to and not areFresh[edge.to] then
      local upstream = rows.get(edge.to)
      if not upstream then
        return { 'error', 'UNKNOWN_DEPENDENCY', each.extra.task, edge.to }
      elseif edge.of and upstream.task ~= edge.of then
        return { 'error', 'UNKNOWN_DEPENDENCY', each.extra.task, edge.to, edge.of, upstream.task }
      end
    end
  end
end

idempotency.saveStaged()
if workflowId ~= '' then
  workflow.add(workflowId, ARGV[4], count)
  workflow.saveAdded()
  if count == 0 then
    engine.workflow.close(tables, workflow.get(workflowId))
  end
end
local newRows = {}
create.request = workflowId ~= '' and workflowId or (fresh[1] and fresh[1].executionId)
for i, each in ipairs(fresh) do
  newRows[i] = create.row(each.executionId, each.part, each.extra)
end
for i, each in ipairs(fresh) do
  create.admit(newRows[i], each.extra)
end
return commit(deduplicated.ids)
