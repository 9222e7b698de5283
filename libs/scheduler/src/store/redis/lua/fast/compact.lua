-- The short way of compact members of workflows: see records.lua. It does what engine.finish does with an end that satisfies
-- all edges that lead from it.
local compact = {}

local FAILURE = byte(codes.EDGE.failure)
-- Edges that one exchange decides in this way; later members are deferred.
local EDGES_AT_ONCE = 2000

local edgesLeft

function compact.begin()
  edgesLeft = EDGES_AT_ONCE
end

-- Calls `visit(id, text)` with the fields of a hash, until it returns false. Returns true if it never did, and all fields were
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

-- Whether all members of the workflows that end have ended in the short way. Where their results are too large to look, that
-- is not known, and they end in the long way.
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

-- Counts the edges that lead from a member to others, by dependent; false where one of them wants a failure. `names`: as
-- they stand in its record, see records.lua, up to a bar at `to`; `told`: the dependents of all edges so far, in order.
local function countEdges(names, to, waits, told)
  local from = 1
  while from < to do
    local index = find(names, '=', from, true) + 1
    local letter = find(names, '=', index, true) + 1
    if byte(names, letter) == FAILURE then
      return false
    end
    local id = sub(names, from, index - 2)
    told[#told + 1] = id
    waits[id] = (waits[id] or 0) + 1
    from = letter + 2
  end
  return true
end

-- Each of these ids once, in the order in which they come for the last time.
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

-- The lists that these members enter: key -> ids in order, and the names of their queues; nil where a record is missing, and
-- where they are large.
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

-- The changes that follow from the ends of these members, or of as many of them as one exchange settles (`count`); nil if they
-- need the general way. ARGV has their ids from `at` on, and from `ties` on the dependents|workflowId of each.
function compact.plan(n, at, ties)
  local settling = {}
  local waits, told = {}, {}
  local ends, members, ended = {}, {}, {}
  local count = 0
  while count < n and #told < edgesLeft do
    local i = count
    local tied = ARGV[ties + i]
    local bar = find(tied, '|', 1, true)
    if not countEdges(tied, bar, waits, told) then
      return nil
    end
    settling[ARGV[at + i]] = true
    local wf = sub(tied, bar + 1)
    members[i + 1] = wf
    ends[wf] = (ends[wf] or 0) + 1
    count = count + 1
  end
  local workflows = byLast(members)
  workflow.fetch(workflows)
  for _, wf in ipairs(workflows) do
    local found = workflow.get(wf)
    if not found or found.pins > 0 or found.isRepaired then
      return nil
    end
    if found.open == ends[wf] then
      ended[#ended + 1] = wf
    end
  end
  -- A dependent becomes ready by its last edge.
  local ready, waiting, dependents = {}, {}, byLast(told)
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
  edgesLeft = edgesLeft - #told
  return { count = count, ready = ready, lists = lists, queues = names, waiting = waiting, ends = ends, ended = ended }
end

-- Writes a plan. All that could fail has been looked at while it was made.
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
    local found = workflow.get(id)
    found.open = found.open - ends
    found.dirty = true
  end
  local entries = {}
  for i, id in ipairs(plan.ended) do
    local found = workflow.get(id)
    -- As engine.workflow.complete does; a script has no engine here yet.
    found.status, found.completedAt, found.entry = 'COMPLETED', now, context.nextNumber()
    effects.push({ 'workflow', id, found.status, now })
    entries[i] = string.format('%s|%d|%s', id, found.entry, codes.COMPACT_ENTRY)
  end
  callAll('RPUSH', keys.history, entries)
  workflow.save()
end

-- The upstreams' results for the claims from `first` to `last`, as far as the budget goes; `upstreams` of all of them.
function compact.add(claims, first, last, upstreams)
  local states, at = readAll('HMGET', keys.state, upstreams), 0
  for i = first, last, 2 do
    local found, n, bytes = {}, 0, 0
    for _, tie in ipairs(claims[i + 1]) do
      at = at + 1
      local state = states[at]
      if not records.isOwnRef(tie[3]) then
        local result = records.resultOf(state) or false
        n = n + 2
        found[n - 1], found[n] = tie[3], result
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

-- What claimed members have got from their dependencies; claims: { id, its ties, ... }
function compact.gather(claims)
  -- Edges of which the upstreams are read at once, and those of one trip.
  local AT_ONCE, left = 64, 4000
  local upstreams, first = {}, 1
  for i = 2, #claims, 2 do
    if budget.bytes <= 0 or left <= 0 then
      budget.addResults(claims[i - 1], 1, {})
      first = i + 1
    else
      for _, tie in ipairs(claims[i]) do
        upstreams[#upstreams + 1] = tie[1]
      end
      if #upstreams >= AT_ONCE or i == #claims then
        compact.add(claims, first, i, upstreams)
        left = left - #upstreams
        upstreams, first = {}, i + 1
      end
    end
  end
end
