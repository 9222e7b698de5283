-- Edges by their dependents, upstreams, timeouts and tasks, see EdgeTable in engine/edge-tables.ts.
local edgeTable = {}
tables.edges = edgeTable

-- Dependents that the upstream's row names; further ones are in a list of their own.
local NAMED_IN_ROW = 8
-- Edges of one execution per call, and those among them whose upstreams are read together.
local VISITED_AT_ONCE, READ_AT_ONCE = 50, 4

-- Charges the bytes that `read` reads to the edge budget.
local function reading(read, ...)
  local bytesBefore = rows.bytes
  local found = read(...)
  tables.edgeBudget.bytes = tables.edgeBudget.bytes - (rows.bytes - bytesBefore)
  return found
end

function edgeTable:create(row, command, state)
  row.edgeCount = (row.edgeCount or 0) + 1
  local edge = {
    name = row.id .. '|' .. row.edgeCount,
    dependentId = row.id,
    index = row.edgeCount,
    ref = command.ref,
    task = command.taskId,
    type = command.type,
    maxAge = command.maxAge,
    reuse = command.reuse,
    timeout = command.timeout,
    state = state,
    order = context.nextNumber(),
  }
  edges.cache[edge.name] = edge
  edges.touch(edge)
  return edge
end

function edgeTable:toPrevious(tick)
  return { taskId = tick.task, ref = '$previous', type = 'always', reuse = true, to = tick.id }
end

function edgeTable:prefetch(commands)
  local ids = {}
  for _, command in ipairs(commands) do
    ids[#ids + 1] = command.to
  end
  rows.fetch(ids)
end

function edgeTable:some(row, first, last)
  local indices = {}
  for index = first, last do
    indices[#indices + 1] = index
  end
  return reading(edges.atIndicesWithUpstreams, row, indices)
end

function edgeTable:dependent(edge)
  return rows.get(edge.dependentId)
end

function edgeTable:upstream(edge)
  return edge.upstreamId and rows.get(edge.upstreamId)
end

function edgeTable:statusOf(edge)
  local upstream = edgeTable:upstream(edge)
  return upstream and upstream.status or edge.upstreamStatus
end

function edgeTable:keepStatus(edge, upstream)
  if edge.state ~= 'held' and edge.upstreamStatus ~= upstream.status then
    edge.upstreamStatus = upstream.status
    edges.touch(edge)
  end
end

-- Sets the mark of a satisfied edge in the dependent's row, see edges.lua.
local function mark(edge, value)
  local row = rows.get(edge.dependentId)
  row.satisfiedEdges = row.satisfiedEdges or {}
  row.satisfiedEdges[edge.index] = value
  rows.touch(row)
end

function edgeTable:setState(edge, state)
  if edge.state == state then
    return
  end
  local upstream = edgeTable:upstream(edge)
  edge.state = state
  if edge.isNameOnly and state == 'held' then
    return mark(edge, upstream.result and 2 or 1)
  end
  local record = edge.isNameOnly and edges.named(edge.name) or edge
  record.state = state
  if upstream and rows.isTerminal(upstream) then
    record.upstreamStatus = upstream.status
  end
  edges.touch(record)
end

function edgeTable:forgetResult(edge)
  local row = rows.get(edge.dependentId)
  if row.satisfiedEdges and row.satisfiedEdges[edge.index] == 1 then
    mark(edge, 3)
  end
end

function edgeTable:link(edge, upstreamId, upstream)
  edge.upstreamId = upstreamId
  edges.touch(edge)
  if not upstream then
    return
  end
  upstream.dependentCount = (upstream.dependentCount or 0) + 1
  -- The letter of an edge that its type alone decides; '' for one with a deadline.
  local name = edge.name .. '|' .. (edge.at and '' or codes.EDGE[edge.type])
  if upstream.dependentCount <= NAMED_IN_ROW then
    upstream.dependentNames = upstream.dependentNames or {}
    table.insert(upstream.dependentNames, name)
  else
    call('RPUSH', keys.dependents(upstream.id), name)
  end
  rows.touch(upstream)
end

function edgeTable:addLive(upstream, by)
  upstream.liveDependents = upstream.liveDependents + by
  rows.touch(upstream)
end

function edgeTable:use(upstream, dependent, request)
  -- `userOf` is called only for tasks that an edge names, which are watched.
  if tasks.isWatched(upstream.task) then
    upstream.usedBy = upstream.usedBy or {}
    upstream.usedBy[dependent.task] = upstream.usedBy[dependent.task] or request or 1
    rows.touch(upstream)
  end
end

function edgeTable:userOf(upstream, dependent)
  return upstream.usedBy and upstream.usedBy[dependent.task]
end

-- The names of the edges to an execution's dependents, in order of creation, at most `limit` after the first `from`.
local function dependents(row, from, limit)
  local names = {}
  local inRow = row.dependentNames or {}
  for i = from + 1, math.min(#inRow, from + limit) do
    names[#names + 1] = inRow[i]
  end
  local rest = limit - #names
  if rest > 0 and (row.dependentCount or 0) > #inRow then
    local first = math.max(0, from - #inRow)
    for _, name in ipairs(call('LRANGE', keys.dependents(row.id), first, first + rest - 1)) do
      names[#names + 1] = name
    end
  end
  return names
end

-- The ids of at most `limit` dependents of an execution, and the index of the edge in each.
function edgeTable.dependentsOf(row, limit)
  local ids, indices = {}, {}
  for _, name in ipairs(dependents(row, 0, limit)) do
    local id, index = edges.split(name)
    if id then
      ids[#ids + 1], indices[#indices + 1] = id, index
    end
  end
  return ids, indices
end

-- Reads the dependents of these edges, as far as they are not too large.
function edgeTable.fetchDependents(names)
  local ids = {}
  for i, name in ipairs(names) do
    ids[i] = edges.split(name)
  end
  rows.fetchWithin(ids, rows.bytes + STEP_BYTES)
end

-- The edge of that name. If its dependent waits and the name contains the type, the edge's record is not read: the row's
-- mark gives its state. Most edges are decided without their records.
local function edgeTo(upstream, name)
  local id, index, letter = edges.split(name)
  local row = id and rows.get(id)
  if not row then
    return nil
  end
  local known = edges.cache[id .. '|' .. index]
  if known or letter == '' or row.readsEdgeRecords or row.location ~= 'dependencies' then
    return known or edges.named(name)
  end
  return {
    name = id .. '|' .. index,
    dependentId = id,
    index = index,
    type = records.EDGE_TYPES[letter],
    state = row.satisfiedEdges and row.satisfiedEdges[index] and 'held' or 'open',
    upstreamId = upstream.id,
    isNameOnly = true,
  }
end

function edgeTable:eachDependent(upstream, from, limit, visit)
  local names = dependents(upstream, from, limit)
  if #names == 0 and limit > 0 then
    -- The names end before the count: all are visited.
    return math.max(0, (upstream.dependentCount or 0) - from)
  end
  local isStopped, visited = false, 0
  readSome(names, tables.edgeBudget.bytes, function(part)
    local bytesBefore = rows.bytes
    if #part > 1 then
      edgeTable.fetchDependents(part)
    end
    for _, name in ipairs(part) do
      local edge = not isStopped and edgeTo(upstream, name)
      isStopped = isStopped or (edge and not visit(edge)) or false
      visited = isStopped and visited or visited + 1
    end
    local bytes = rows.bytes - bytesBefore
    tables.edgeBudget.bytes = tables.edgeBudget.bytes - bytes
    return isStopped and math.huge or bytes
  end)
  return visited
end

function edgeTable:eachNotHeld(row, first, visit)
  local indices, last = {}, first - 1
  while last < row.edgeCount and last < first + VISITED_AT_ONCE and #indices < READ_AT_ONCE do
    last = last + 1
    -- Satisfied edges are marked in the row.
    if not (row.satisfiedEdges and row.satisfiedEdges[last]) then
      indices[#indices + 1] = last
    end
  end
  for _, edge in ipairs(reading(edges.atIndicesWithUpstreams, row, indices)) do
    visit(edge)
  end
  return last - first + 1
end

-- Edges that wait for the next execution of a task: their names by number.

function edgeTable:awaitNext(edge)
  call('ZADD', keys.awaited(edge.task), 'NX', context.nextNumber(), edge.name)
end

function edgeTable:stopWaiting(edge)
  call('ZREM', keys.awaited(edge.task), edge.name)
end

function edgeTable:isAwaited(row)
  return call('EXISTS', keys.awaited(row.task)) == 1
end

function edgeTable:takeWaiting(row, beforeNumber, limit)
  local key, found = keys.awaited(row.task), {}
  while #found == 0 do
    local names = call('ZRANGEBYSCORE', key, '-inf', string.format('(%.0f', beforeNumber), 'LIMIT', 0, limit)
    if #names == 0 then
      return found
    end
    callAll('ZREM', key, names)
    reading(edgeTable.fetchDependents, names)
    for _, name in ipairs(names) do
      found[#found + 1] = edges.named(name)
    end
  end
  return found
end

-- Timeouts

local function timeoutMember(edge)
  return string.format('%012d:%s', edge.order, edge.name)
end

function edgeTable:startTimeout(edge, at)
  edge.at = at
  call('ZADD', keys.edgeTimeouts, context.steadyAt(at), timeoutMember(edge))
  edges.touch(edge)
end

function edgeTable:endTimeout(edge)
  if edge.at then
    call('ZREM', keys.edgeTimeouts, timeoutMember(edge))
    edge.at = nil
    edges.touch(edge)
  end
end

local function endWait(name, visit)
  local edge = edges.named(name)
  if edge then
    edge.at = nil
    visit(edge)
  end
end

function edgeTable:eachDue(limit, visit)
  local due = call('ZRANGEBYSCORE', keys.edgeTimeouts, '-inf', context.steady, 'LIMIT', 0, limit)
  local done, bytesBefore = 0, rows.bytes
  for _, member in ipairs(due) do
    if rows.bytes - bytesBefore > STEP_BYTES then
      break
    end
    -- An earlier member may have ended the dependent, and removed this one.
    if call('ZREM', keys.edgeTimeouts, member) == 1 then
      done = done + 1
      local name = string.sub(member, 14)
      local _, _, stays = aside.guard('edgeTimeout', string.match(name, '^[^|]*'), endWait, name, visit)
      if stays then
        call('ZADD', keys.edgeTimeouts, context.steady, member)
      end
    end
  end
  return done
end
