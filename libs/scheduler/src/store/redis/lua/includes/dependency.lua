-- What an end, or a reopening, means for those who depend on it.
local dependency = {}

function dependency.begin()
  dependency.left = limits.EDGES_PER_STEP
  dependency.mayRead = STEP_BYTES
  -- Steps of this verb, where none are left over from earlier ones: { execution, whether it was reopened, dependents told },
  -- or { '', 'drop', 0 }: executions of dropped workflows go, or { execution, 'letGo', 0 }: it has ended, and lets its edges go.
  dependency.fresh, dependency.first, dependency.stored = {}, 1, nil
end

local function holds(edgeType, status)
  if edgeType == 'success' then
    return status == 'COMPLETED'
  elseif edgeType == 'failure' then
    return status == 'FAILED'
  elseif edgeType == 'completion' then
    return status == 'COMPLETED' or status == 'FAILED'
  end
  return true
end

-- An edge that was open holds.
local function hold(row)
  row.openEdges = math.max(0, row.openEdges - 1)
  rows.touch(row)
  if row.openEdges == 0 and row.location == 'dependencies' then
    tables:leave(row)
    engine.queue.enter(tables, row)
  end
end

-- The edge can no longer hold: its dependent is SKIPPED, with the execution in which the failure began.
local function breakEdge(edge, row, upstream, reason)
  edge.state = reason == 'DEPENDENCY_TIMEOUT' and 'timedOut' or 'broken'
  edges.touch(edge)
  row.rootCause = upstream and (upstream.rootCause or { upstream.id, upstream.task, upstream.status }) or nil
  engine.finish.finish(tables, row, 'skip', 'SKIPPED', { reason = reason })
end

local function resolve(edge, upstream)
  if edge.state ~= 'open' then
    return
  end
  local row = rows.get(edge.id)
  if not row or rows.isTerminal(row) then
    return
  end
  edge.us = upstream.status
  if not holds(edge.type, upstream.status) then
    return breakEdge(edge, row, upstream, 'DEPENDENCY_FAILED')
  end
  edge.state = 'held'
  edges.forgetTimeout(edge)
  edges.touch(edge)
  hold(row)
end

-- Decides those of a new execution's edges whose upstream has ended already.
function dependency.resolveBound(bound)
  for _, edge in ipairs(bound) do
    local upstream = edge.up and rows.get(edge.up)
    if upstream and rows.isTerminal(upstream) then
      resolve(edge, upstream)
    end
  end
end

-- All edges of a new execution are bound: the open one that stood for those to come is over.
function dependency.allBound(row)
  if not rows.isTerminal(row) then
    hold(row)
  end
end

-- Brings back a dependent that was SKIPPED, unless an edge of it still cannot hold.
local function reopenDependent(edge)
  local row = rows.get(edge.id)
  if row and not row.readsEdgeRecords and not rows.isTerminal(row) then
    -- The edge may hold already by its own record; when this upstream ends again, its name alone does not tell.
    row.readsEdgeRecords = 1
    rows.touch(row)
  end
  if not row or row.status ~= 'SKIPPED' or row.reason ~= 'DEPENDENCY_FAILED' then
    return
  end
  for _, each in ipairs(edges.of(row)) do
    if each.state == 'timedOut' then
      return
    end
    if each.state ~= 'held' and each.up then
      local upstream = rows.get(each.up)
      local status = upstream and upstream.status or each.us
      if (not upstream or rows.isTerminal(upstream)) and status and not holds(each.type, status) then
        return
      end
    end
  end
  engine.finish.reopen(tables, row)
end

local function fetchDependents(names)
  local ids = {}
  for i, name in ipairs(names) do
    ids[i] = edges.split(name)
  end
  rows.fetchWithin(ids, rows.bytes + STEP_BYTES)
end

-- Whether earlier verbs have left something over.
local function isStored()
  if dependency.stored == nil then
    dependency.stored = call('EXISTS', keys.continuation) == 1
  end
  return dependency.stored
end

function dependency.add(step)
  if isStored() then
    call('RPUSH', keys.continuation, cmsgpack.pack(step))
  else
    table.insert(dependency.fresh, step)
  end
end

-- What is left over stays for the next verb.
function dependency.save()
  for i = dependency.first, #dependency.fresh do
    call('RPUSH', keys.continuation, cmsgpack.pack(dependency.fresh[i]))
  end
  dependency.fresh, dependency.first, dependency.stored = {}, 1, nil
end

-- Decides an edge by its name alone, if it is open and holds. Returns whether that was all.
local function holdByName(name, upstream)
  local id, index, letter = edges.split(name)
  local row = rows.get(id)
  if
    letter == ''
    or not row
    or row.readsEdgeRecords
    or row.location ~= 'dependencies'
    or edges.cache[id .. '|' .. index]
  then
    return false
  end
  if (row.satisfiedEdges and row.satisfiedEdges[index]) or not holds(records.EDGE_TYPES[letter], upstream.status) then
    return false
  end
  row.satisfiedEdges = row.satisfiedEdges or {}
  row.satisfiedEdges[index] = upstream.result and 2 or 1
  hold(row)
  return true
end

-- Tells the next dependents of one execution. Returns whether all of them are told.
local function tell(step)
  if step[2] == 'drop' then
    dependency.left = dependency.left - limits.EDGES_PER_STEP
    return trim.dropNext()
  end
  local upstream = rows.get(step[1])
  if not upstream then
    return true
  end
  if step[2] == 'letGo' then
    dependency.left = dependency.left - limits.EDGES_PER_STEP
    return edges.letGoOn(upstream)
  end
  local names = edges.dependents(upstream, step[3], dependency.left)
  local done, bytes = readSome(names, dependency.mayRead, function(part)
    local before = rows.bytes
    if #part > 1 then
      fetchDependents(part)
    end
    for _, name in ipairs(part) do
      if not (not step[2] and rows.isTerminal(upstream) and holdByName(name, upstream)) then
        local edge = edges.named(name)
        if edge and step[2] then
          reopenDependent(edge)
        elseif edge and rows.isTerminal(upstream) then
          resolve(edge, upstream)
        end
      end
    end
    return rows.bytes - before
  end)
  dependency.mayRead = dependency.mayRead - bytes
  dependency.left = dependency.mayRead > 0 and dependency.left - done or 0
  step[3] = step[3] + done
  -- Where fewer are named than were counted, those are all.
  return #names == 0 or step[3] >= (upstream.dependentCount or 0)
end

-- Reads what the next steps of this verb will look at.
local function lookAhead()
  local names = {}
  for i = dependency.first, math.min(#dependency.fresh, dependency.first + dependency.left) do
    local row = dependency.fresh[i][2] ~= 'drop' and rows.get(dependency.fresh[i][1])
    for _, name in ipairs(row and row.dependentNames or {}) do
      names[#names + 1] = name
    end
  end
  fetchDependents(names)
end

-- Tells dependents, breadth first, in edge order, as many as the verb under way may still tell.
function dependency.drain()
  while dependency.left > 0 and isStored() do
    local packed = call('LINDEX', keys.continuation, 0)
    if not packed then
      dependency.stored = false
    else
      local readable, step = pcall(cmsgpack.unpack, packed)
      local id = readable and type(step) == 'table' and step[1]
      local ok, isDone = false, true
      if id then
        ok, isDone = aside.guard('dependents', id, tell, step)
      else
        aside.put('dependents', '', 'a step that is unreadable', { packed })
      end
      if not ok or isDone then
        call('LPOP', keys.continuation)
      else
        call('LSET', keys.continuation, 0, cmsgpack.pack(step))
      end
    end
  end
  if #dependency.fresh - dependency.first > 1 then
    lookAhead()
  end
  while dependency.left > 0 and dependency.first <= #dependency.fresh do
    local step = dependency.fresh[dependency.first]
    local ok, isDone = aside.guard('dependents', step[1], tell, step)
    if not ok or isDone then
      dependency.first = dependency.first + 1
    end
  end
end

local function endEdge(name)
  local edge = edges.named(name)
  local row = edge and rows.get(edge.id)
  if edge then
    edge.at = nil
  end
  if row and edge.state == 'open' and not rows.isTerminal(row) then
    breakEdge(edge, row, edge.up and rows.get(edge.up), 'DEPENDENCY_TIMEOUT')
  end
end

-- Ends the waits for edges whose timeout has passed. Returns how many.
function dependency.timeOut(limit)
  local due = call('ZRANGEBYSCORE', keys.edgeTimeouts, '-inf', now, 'LIMIT', 0, limit)
  local done, before = 0, rows.bytes
  for _, member in ipairs(due) do
    if rows.bytes - before > STEP_BYTES then
      break
    end
    -- An earlier one of these may have ended the dependent, and with it this wait.
    if call('ZREM', keys.edgeTimeouts, member) == 1 then
      done = done + 1
      local name = string.sub(member, 14)
      aside.guard('edgeTimeout', string.match(name, '^[^|]*'), endEdge, name)
    end
  end
  return done
end
