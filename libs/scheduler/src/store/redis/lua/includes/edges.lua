-- Edges between executions: their records, and the results of their upstreams.
-- An edge is named by its dependent and its index there: dependent|index. Its record is in a hash of the dependent:
--   state|type|order|deadline:timeout|maxAge|reuse|status of the upstream when decided|upstream|task|ref
-- Most edges become satisfied, and nothing more. The upstream names each edge with its type (dependent|index|letter), so
-- that such an edge's record is neither read nor written. The dependent's row marks satisfied edges by index, so that none
-- counts twice (`hs`: 1 without a result, 2 with one, 3 if the edge's record has the rest).
local edges = {}

function edges.begin()
  edges.cache, edges.dirty, edges.memberEdges = {}, {}, {}
  -- Unreadable records by name; false for a missing one.
  edges.unreadable = {}
end

local EDGE = '^(%a+)|(%a+)|(%d+)|(%d*):?(%d*)|(%d*)|(%d)|(%u*)|([^|]*)|([^|]*)|(.*)$'

-- The upstream and the task in a record, '' for none; nothing if it is unreadable.
function edges.upstreamIn(record)
  local state, _, _, _, _, _, _, _, upstreamId, task = string.match(record, EDGE)
  if state then
    return upstreamId, task
  end
end

-- An unreadable edge waits for a success, which its upstream reports.
local function makeUnreadable(id, index, record)
  local name, row = id .. '|' .. index, rows.get(id)
  local isHeld = row and row.satisfiedEdges and row.satisfiedEdges[index]
  local edge = { name = name, dependentId = id, index = index, state = isHeld and 'held' or 'open', type = 'success' }
  edge.order, edge.reuse, edge.task, edge.ref = 0, false, '', ''
  edges.cache[name], edges.dirty[name], edges.unreadable[name] = edge, edge, record
  return edge
end

-- An edge without a record: the record of its dependent contains it.
local function makeCompact(row, index)
  edges.memberEdges[row.id] = edges.memberEdges[row.id]
    or (records.isMemberAt(row.flags, 1) and records.upstreams(row.flags))
    or {}
  local memberEdge = edges.memberEdges[row.id][index]
  if not memberEdge then
    return makeUnreadable(row.id, index, false)
  end
  local upstream = rows.get(memberEdge[1])
  local edge = {
    name = row.id .. '|' .. index,
    dependentId = row.id,
    index = index,
    state = row.satisfiedEdges and row.satisfiedEdges[index] and 'held' or 'open',
    type = records.EDGE_TYPES[memberEdge[2]],
    order = 0,
    reuse = false,
    upstreamId = memberEdge[1],
    task = upstream and upstream.task or '',
    ref = memberEdge[3],
  }
  edges.cache[edge.name] = edge
  return edge
end

local function make(id, index, record)
  if not record then
    return makeCompact(rows.get(id), index)
  end
  local state, edgeType, order, at, timeout, maxAge, reuse, upstreamStatus, upstreamId, task, ref =
    string.match(record, EDGE)
  if not state then
    return makeUnreadable(id, index, record)
  end
  local edge = {
    name = id .. '|' .. index,
    dependentId = id,
    index = index,
    state = state,
    type = edgeType,
    order = order,
    at = tonumber(at),
    timeout = tonumber(timeout),
    maxAge = tonumber(maxAge),
    reuse = reuse == '1',
    upstreamStatus = upstreamStatus ~= '' and upstreamStatus or nil,
    upstreamId = upstreamId ~= '' and upstreamId or nil,
    task = task,
    ref = ref,
  }
  local row = rows.get(id)
  if row and row.satisfiedEdges and row.satisfiedEdges[index] then
    edge.state = 'held'
  end
  edges.cache[edge.name] = edge
  return edge
end

-- Dependent, index, and the letter of the type, if the name contains it.
function edges.split(name)
  local id, index, letter = string.match(name, '^([^|]*)|(%d+)|?(%a?)$')
  return id, tonumber(index), letter
end

-- The edge of that name, or nil.
function edges.named(name)
  local id, index = edges.split(name)
  local edge = edges.cache[id .. '|' .. index]
  if not edge then
    local record, row = call('HGET', keys.edges(id), index), rows.get(id)
    edge = (record or (row and index <= (row.edgeCount or 0))) and make(id, index, record)
  end
  return edge or nil
end

-- The edges of an execution, in order.
function edges.of(row)
  local indices = {}
  for index = 1, row.edgeCount or 0 do
    indices[index] = index
  end
  return edges.atIndices(row, indices)
end

-- Edges of an execution by index.
function edges.atIndices(row, indices)
  local missing, found = {}, {}
  for _, index in ipairs(indices) do
    if not edges.cache[row.id .. '|' .. index] then
      missing[#missing + 1] = index
    end
  end
  for i, record in ipairs(readAll('HMGET', keys.edges(row.id), missing)) do
    make(row.id, missing[i], record)
  end
  for i, index in ipairs(indices) do
    found[i] = edges.cache[row.id .. '|' .. index]
  end
  return found
end

-- Reads the upstreams of edges together.
local function fetchUpstreams(found)
  local ids = {}
  for _, edge in ipairs(found) do
    ids[#ids + 1] = edge.upstreamId
  end
  if #ids > 1 then
    rows.fetch(ids)
  end
  return found
end

-- The results of these executions, by id.
local function resultsOf(ids)
  local found, unread = {}, {}
  for _, id in ipairs(ids) do
    local row = rows.cache[id]
    if row then
      found[id] = row.result
    elseif row == nil then
      unread[#unread + 1] = id
    end
  end
  for i, state in ipairs(#unread > 0 and readAll('HMGET', keys.state, unread) or {}) do
    found[unread[i]] = records.resultOf(state)
  end
  return found
end

-- The results of an execution's upstreams, from one edge on, within the budget: { ref, result or false, ... }, and the next
-- index (0: end). Refs that begin with $ belong to the store.
function edges.results(row, from)
  local found = {}
  local satisfied = not row.readsEdgeRecords and row.satisfiedEdges or {}
  local partSize = budget.firstPart
  while from <= row.edgeCount do
    if budget.bytes <= 0 or budget.edges <= 0 then
      return found, from
    end
    local to, before = math.min(row.edgeCount, from + partSize - 1), budget.bytes
    local indices, each, upstreamIds = {}, {}, {}
    for index = from, to do
      indices[#indices + 1] = index
    end
    for i, record in ipairs(readAll('HMGET', keys.edges(row.id), indices)) do
      local index = from + i - 1
      local hasNoResult = record and satisfied[index] == 1
      local edge = hasNoResult and { ref = string.match(record, '[^|]*$') }
        or edges.cache[row.id .. '|' .. index]
        or make(row.id, index, record)
      if not records.isOwnRef(edge.ref) then
        each[#each + 1] = edge
        upstreamIds[#upstreamIds + 1] = edge.upstreamId
      end
    end
    local left = resultsOf(upstreamIds)
    for _, edge in ipairs(each) do
      local result = edge.upstreamId and left[edge.upstreamId] or false
      found[#found + 1] = edge.ref
      found[#found + 1] = result
      budget.bytes = budget.bytes - (result and #result or 0)
    end
    budget.edges = budget.edges - #indices
    partSize = budget.nextPart(before - budget.bytes)
    from = to + 1
  end
  return found, 0
end

-- As atIndices, with the upstreams read.
function edges.atIndicesWithUpstreams(row, indices)
  return fetchUpstreams(edges.atIndices(row, indices))
end

function edges.touch(edge)
  edges.dirty[edge.name] = edge
  local row = rows.get(edge.dependentId)
  local mark = edge.state == 'held' and 3 or nil
  if row and (row.satisfiedEdges and row.satisfiedEdges[edge.index]) ~= mark then
    row.satisfiedEdges = row.satisfiedEdges or {}
    row.satisfiedEdges[edge.index] = mark
    rows.touch(row)
  end
end

-- Writes the changed edges, together for each dependent.
function edges.save()
  for name, record in pairs(edges.unreadable) do
    aside.put('edge', name, 'its record is unreadable', { record })
  end
  edges.unreadable = {}
  local byDependent = {}
  for _, edge in pairs(edges.dirty) do
    local pairs_ = byDependent[edge.dependentId] or {}
    byDependent[edge.dependentId] = pairs_
    pairs_[#pairs_ + 1] = edge.index
    pairs_[#pairs_ + 1] = table.concat({
      edge.state,
      edge.type,
      edge.order,
      (edge.at or '') .. (edge.timeout and ':' .. edge.timeout or ''),
      edge.maxAge or '',
      edge.reuse and 1 or 0,
      edge.upstreamStatus or '',
      edge.upstreamId or '',
      edge.task,
      edge.ref,
    }, '|')
  end
  for id, pairs_ in pairs(byDependent) do
    callAll('HSET', keys.edges(id), pairs_)
  end
  edges.dirty = {}
end
