-- Compact workflows, see records.lua: NEW -> PENDING for all members of each. A workflow that exists is left as it is.
-- ARGV: context, operation, groups (JSON: { queue, level, task } of the members), three characters for each member: its
--   group, and its number of open edges in two digits of base 128, then for each workflow: workflowId, record, size, and for
--   each member: executionId, record (flags|task|queue|level|timeout;budget|workflow|ref|payload)
-- Returns: 1 | 'large' (the members need rows, and are too many for one script: use a bulk insert), effects
-- @include keys
-- @include context
-- @include effects
-- @include workflow
-- @include records

local FIRST = 5
-- Members that one script stores with rows and edges of their own.
local ROWS_AT_ONCE = 200

-- The workflows that do not exist: { at, members before it, size }.
local function findFresh()
  local found, ids = {}, {}
  local at, before = FIRST, 0
  while at <= #ARGV do
    local size = tonumber(ARGV[at + 2])
    ids[#ids + 1] = ARGV[at]
    found[#found + 1] = { at = at, before = before, size = size }
    at, before = at + 3 + 2 * size, before + size
  end
  local fresh = {}
  for i, state in ipairs(readAll('HMGET', keys.workflowStates, ids)) do
    if not state then
      fresh[#fresh + 1] = found[i]
    end
  end
  return fresh
end

local fresh, groups = findFresh(), cjson.decode(ARGV[3])

-- Whether other executions may wait for one of these tasks.
local function isWatched()
  for _, group in ipairs(groups) do
    if call('SISMEMBER', keys.watched, group[3]) == 1 then
      return true
    end
  end
  return false
end

-- Stores members without rows. Counters replace `#`, which searches for the end of a table each time.
local function startCompact()
  -- Members of several tasks may enter the same list, in order.
  local lists, numbers, buffers, filled = {}, {}, {}, {}
  local listOf = {}
  for i, group in ipairs(groups) do
    local list = keys.ready(group[1], group[2])
    if not numbers[list] then
      lists[#lists + 1] = list
      numbers[list] = #lists
      buffers[#lists], filled[#lists] = {}, 0
    end
    listOf[i] = numbers[list]
  end
  local ids, texts, states = {}, {}, {}
  local n, waiting = 0, 0
  local emitsScheduled = effects.isSubscribed('scheduled')
  for _, each in ipairs(fresh) do
    local at = each.at
    workflow.add(ARGV[at], ARGV[at + 1], ARGV[at + 2])
    for i = 1, each.size do
      local id = ARGV[at + 1 + 2 * i]
      n = n + 1
      ids[n] = id
      texts[2 * n - 1] = id
      texts[2 * n] = records.new(ARGV[at + 2 + 2 * i])
      local kind = 3 * (each.before + i)
      local index, high, low = string.byte(ARGV[4], kind - 2, kind)
      local waits = 128 * high + low
      if waits > 0 then
        waiting = waiting + 1
        states[2 * waiting - 1] = id
        states[2 * waiting] = records.waitingState(waits)
      else
        local list = listOf[index]
        filled[list] = filled[list] + 1
        buffers[list][filled[list]] = id
      end
      if emitsScheduled then
        local group = groups[index]
        effects.pushScheduled(id, group[3], group[1], group[2], ARGV[at])
      end
    end
  end
  callAll('HSET', keys.static, texts)
  callAll('RPUSH', keys.all, ids)
  if waiting > 0 then
    callAll('HSET', keys.state, states)
    context.count('waitingForDependencies', waiting)
  end
  for i, group in ipairs(groups) do
    local stored = call('HGET', keys.queues, group[1])
    if not stored then
      call('HSET', keys.queues, group[1], '')
    end
    if filled[listOf[i]] > 0 then
      effects.wake(group[1], stored)
    end
  end
  for i, list in ipairs(lists) do
    callAll('RPUSH', list, buffers[i])
  end
  workflow.saveAdded()
  context.count('PENDING', n)
  context.count('scheduled', n)
  local reply = context.replyOf(1, effects.publish())
  context.remember(reply)
  context.save()
  return reply
end

if #fresh == 0 then
  return { 1, '', now }
end
if not isWatched() then
  return startCompact()
elseif #ARGV[4] > 3 * ROWS_AT_ONCE then
  return { 'large', '', now }
end

-- @include concerns

-- Members of a watched task cannot be compact: the edges in their records become edges of their own.
for _, each in ipairs(fresh) do
  local at, tasksById, newRows, extras = each.at, {}, {}, {}
  workflow.add(ARGV[at], ARGV[at + 1], ARGV[at + 2])
  for i = 1, each.size do
    tasksById[ARGV[at + 1 + 2 * i]] = string.match(ARGV[at + 2 + 2 * i], '^[^|]*|([^|]*)')
  end
  for i = 1, each.size do
    local flags, rest = string.match(ARGV[at + 2 + 2 * i], '^([^|]*)(.*)$')
    local memberEdges = {}
    for k, edge in ipairs(records.upstreams(flags)) do
      memberEdges[k] =
        { taskId = tasksById[edge[1]], ref = edge[3], type = records.EDGE_TYPES[edge[2]], to = edge[1], reuse = false }
    end
    extras[i] = { edges = #memberEdges > 0 and memberEdges or nil }
    newRows[i] = create.row(ARGV[at + 1 + 2 * i], codes.EDGES_FLAG .. rest, extras[i])
  end
  each.newRows, each.extras = newRows, extras
end
workflow.saveAdded()
for _, each in ipairs(fresh) do
  create.request = ARGV[each.at]
  for i, row in ipairs(each.newRows) do
    create.admit(row, each.extras[i])
  end
end
return commit(1)
