-- The fast path of compact members that succeed, see records.lua: does what engine.finish does with an end that satisfies
-- all edges to its dependents.
local compact = {}

local FAILURE = byte(codes.EDGE.failure)
-- Edges that one exchange decides here; later members are deferred.
local EDGES_AT_ONCE = 2000

local edgesLeft

function compact.begin()
  edgesLeft = EDGES_AT_ONCE
end

-- Calls `visit(id, text)` with fields of a hash until it returns false. Returns true if it never did, and the fields were
-- small enough to read.
local function eachOf(key, ids, visit)
  local isOpen = true
  local done = readSome(ids, STEP_BYTES, function(part)
    local bytes = 0
    for i, text in ipairs(readAll('HMGET', key, part)) do
      isOpen = isOpen and visit(part[i], text)
      bytes = bytes + (text and #text or 0)
    end
    return isOpen and bytes or STEP_BYTES + 1
  end)
  return isOpen and done == #ids
end

-- Whether all members of these workflows ended by this fast path. Where the states are too large to read, that is unknown,
-- and the engine ends them.
local function areCompact(ended, settling)
  workflow.fetchRecords(ended)
  local ids = {}
  for _, id in ipairs(ended) do
    for _, member in ipairs(workflow.record(id).ids) do
      if not settling[member] then
        ids[#ids + 1] = member
      end
    end
  end
  return eachOf(keys.state, ids, function(_, state)
    return state and records.isCompleted(state)
  end)
end

-- Counts the edges from a member to its dependents in `waits`, by dependent; returns false if one of them requires a
-- failure. `names`: dependents as in its record, see records.lua, which end before `to`; `targets`: the dependents of all
-- edges so far, in order.
local function countEdges(names, to, waits, targets)
  local from = 1
  while from < to do
    local index = find(names, '=', from, true) + 1
    local letter = find(names, '=', index, true) + 1
    if byte(names, letter) == FAILURE then
      return false
    end
    local id = sub(names, from, index - 2)
    targets[#targets + 1] = id
    waits[id] = (waits[id] or 0) + 1
    from = letter + 2
  end
  return true
end

-- Each id once, in the order of last occurrence.
local function byLast(ids)
  local seen, backwards, found = {}, {}, {}
  for i = #ids, 1, -1 do
    if not seen[ids[i]] then
      seen[ids[i]] = true
      backwards[#backwards + 1] = ids[i]
    end
  end
  for i = #backwards, 1, -1 do
    found[#found + 1] = backwards[i]
  end
  return found
end

-- The ready lists that these members enter (key -> ids in order), and the names of their queues; nil if a record is missing
-- or the records are too large.
local function listsOf(ids)
  local lists, names = {}, {}
  local areRead = eachOf(keys.static, ids, function(id, record)
    if not record then
      return false
    end
    local at = records.skip(record, 1, 5)
    local name = records.fieldAt(record, at)
    local key = keys.ready(name, records.levelAt(record, at + #name + 1))
    local list = lists[key] or {}
    lists[key] = list
    list[#list + 1] = id
    names[#names + 1] = name
    return true
  end)
  return areRead and lists or nil, names
end

-- The changes that follow from the ends of these members, or of as many as one exchange settles (`count`); nil if the
-- engine must settle them. ARGV has their ids from `at` on, and their dependents|workflowId from `dependentsAt` on.
function compact.plan(total, at, dependentsAt)
  local settling = {}
  local waits, targets = {}, {}
  local ends, members, ended = {}, {}, {}
  local count = 0
  while count < total and #targets < edgesLeft do
    local i = count
    local text = ARGV[dependentsAt + i]
    local bar = find(text, '|', 1, true)
    if not countEdges(text, bar, waits, targets) then
      return nil
    end
    settling[ARGV[at + i]] = true
    local workflowId = sub(text, bar + 1)
    members[i + 1] = workflowId
    ends[workflowId] = (ends[workflowId] or 0) + 1
    count = count + 1
  end
  local workflows = byLast(members)
  workflow.fetch(workflows)
  for _, workflowId in ipairs(workflows) do
    local workflowRow = workflow.get(workflowId)
    if not workflowRow or workflowRow.pins > 0 or workflowRow.isRepaired then
      return nil
    end
    if workflowRow.open == ends[workflowId] then
      ended[#ended + 1] = workflowId
    end
  end
  -- A dependent is ready when its last edge is satisfied.
  local ready, waiting, dependents = {}, {}, byLast(targets)
  local areCounted = eachOf(keys.state, dependents, function(id, state)
    local open = state and records.openEdges(state)
    local left = open and open - waits[id]
    if left == 0 then
      ready[#ready + 1] = id
    elseif left and left > 0 then
      waiting[#waiting + 1] = id
      waiting[#waiting + 1] = records.waitingState(left)
    end
    return left and left >= 0
  end)
  local lists, names
  if areCounted then
    lists, names = listsOf(ready)
  end
  if not lists or not areCompact(ended, settling) then
    return nil
  end
  edgesLeft = edgesLeft - #targets
  return { count = count, ready = ready, lists = lists, queues = names, waiting = waiting, ends = ends, ended = ended }
end

-- Writes a plan. Nothing here can fail: `plan` has read and checked everything.
function compact.apply(plan)
  callAll('HSET', keys.state, plan.waiting)
  callAll('HDEL', keys.state, plan.ready)
  for list, ids in pairs(plan.lists) do
    callAll('RPUSH', list, ids)
  end
  for _, name in ipairs(plan.queues) do
    effects.wake(name)
  end
  if #plan.ready > 0 then
    context.count('waitingForDependencies', -#plan.ready)
  end
  for id, ends in pairs(plan.ends) do
    local workflowRow = workflow.get(id)
    workflowRow.open = workflowRow.open - ends
    workflowRow.dirty = true
  end
  local entries = {}
  for i, id in ipairs(plan.ended) do
    local workflowRow = workflow.get(id)
    -- As engine.workflow.complete; a script has not defined the engine yet.
    workflowRow.status, workflowRow.completedAt, workflowRow.entry = 'COMPLETED', now, context.nextNumber()
    effects.push({ 'workflow', id, workflowRow.status, now })
    entries[i] = string.format('%s|%d|%s', id, workflowRow.entry, codes.COMPACT_ENTRY)
  end
  callAll('RPUSH', keys.history, entries)
  workflow.save()
end

-- Adds the upstreams' results of the claims from `first` to `last`, as far as the budget allows; `upstreams` are those of
-- all of them.
function compact.addUpstreamResults(claims, first, last, upstreams)
  local states, at = readAll('HMGET', keys.state, upstreams), 0
  for i = first, last, 2 do
    local found, n, bytes = {}, 0, 0
    for _, edge in ipairs(claims[i + 1]) do
      at = at + 1
      local state = states[at]
      if not records.isOwnRef(edge[3]) then
        local result = records.resultOf(state) or false
        n = n + 2
        found[n - 1], found[n] = edge[3], result
        bytes = bytes + (result and #result or 0)
      end
    end
    if n > 0 then
      if bytes <= budget.bytes then
        budget.addResults(claims[i], 0, found)
        budget.bytes = budget.bytes - bytes
      else
        budget.addResults(claims[i], 1, {})
      end
    end
  end
end

-- Collects the results for claimed members; claims: { id, its edges (see records.upstreams), ... }
function compact.collectResults(claims)
  -- Edges whose upstreams are read together.
  local AT_ONCE = 64
  local upstreams, first = {}, 1
  for i = 2, #claims, 2 do
    if budget.bytes <= 0 then
      budget.addResults(claims[i - 1], 1, {})
      first = i + 1
    else
      for _, edge in ipairs(claims[i]) do
        upstreams[#upstreams + 1] = edge[1]
      end
      if #upstreams >= AT_ONCE or i == #claims then
        compact.addUpstreamResults(claims, first, i, upstreams)
        upstreams, first = {}, i + 1
      end
    end
  end
end
