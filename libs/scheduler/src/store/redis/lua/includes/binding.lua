-- How edges come to their upstreams, and leave them.
-- So many dependents are named by their upstream itself; those behind them stand in a list of their own.
local NAMED_INSIDE = 8
-- Edges that are let go before the bytes of their upstreams are looked at.
local LET_GO_AT_ONCE = 4

local function timeoutMember(edge)
  return string.format('%012d:%s', edge.order, edge.name)
end

-- An open edge with a timeout waits that long from now.
local function startTimeout(edge)
  if edge.timeout then
    edge.at = now + edge.timeout
    call('ZADD', keys.edgeTimeouts, edge.at, timeoutMember(edge))
    effects.push({ 'due', edge.at })
  end
end

function edges.forgetTimeout(edge)
  if edge.at then
    call('ZREM', keys.edgeTimeouts, timeoutMember(edge))
    edge.at = nil
  end
end

-- The names of an execution's dependents, in the order in which they came, from the one after `from`, `many` at most.
function edges.dependents(row, from, many)
  local names = {}
  local inside = row.dependentNames or {}
  for i = from + 1, math.min(#inside, from + many) do
    names[#names + 1] = inside[i]
  end
  local rest = many - #names
  if rest > 0 and (row.dependentCount or 0) > #inside then
    local first = math.max(0, from - #inside)
    for _, name in ipairs(call('LRANGE', keys.dependents(row.id), first, first + rest - 1)) do
      names[#names + 1] = name
    end
  end
  return names
end

-- A workflow is kept as a whole, so that nobody counts who needs an execution within it.
local function isInternal(dependent, upstream)
  return dependent.workflowId ~= nil
    and dependent.workflowId == upstream.workflowId
    and workflow.get(dependent.workflowId) ~= nil
end

-- request: the one under way that uses the outcome, or nil
local function attach(edge, dependent, upstream, request)
  edge.up = upstream.id
  -- What has ended, and has let its edges go, needs it no more.
  local isNeeded = not rows.isTerminal(dependent) or dependent.edgesLetGo ~= nil
  if isNeeded then
    history.pin(upstream, dependent)
  end
  upstream.dependentCount = (upstream.dependentCount or 0) + 1
  -- The letter of an edge that needs nothing but its type to be decided; '' for one with a deadline.
  local name = edge.name .. '|' .. (edge.at and '' or codes.EDGE[edge.type])
  if upstream.dependentCount <= NAMED_INSIDE then
    upstream.dependentNames = upstream.dependentNames or {}
    table.insert(upstream.dependentNames, name)
  else
    call('RPUSH', keys.dependents(upstream.id), name)
  end
  if isNeeded and not isInternal(dependent, upstream) then
    upstream.liveDependents = upstream.liveDependents + 1
    if not dependent.hasExternalEdges then
      dependent.hasExternalEdges = 1
      rows.touch(dependent)
    end
  end
  -- What no edge looks for by its task is never asked whether it was used.
  if tasks.isWatched(upstream.task) then
    upstream.usedBy = upstream.usedBy or {}
    upstream.usedBy[dependent.task] = upstream.usedBy[dependent.task] or request or 1
  end
  rows.touch(upstream)
end

-- Whether the newest execution is one whose outcome this edge may use.
local function counts(edge, dependent, newest)
  if not rows.isTerminal(newest) then
    return true
  end
  if edge.maxAge and newest.completedAt < now - edge.maxAge then
    return false
  end
  local user = newest.usedBy and newest.usedBy[dependent.task]
  return edge.reuse or not user or user == create.request
end

-- Makes edges of a new execution: to an execution by id, to the newest of a task, or to its next one. One that has ended
-- before all of its edges are bound waits for none of those to come. Returns the edges.
function edges.bind(row, commands)
  local upstreams, made, before = {}, {}, row.edgeCount or 0
  local hasEnded = rows.isTerminal(row)
  for _, command in ipairs(commands) do
    upstreams[#upstreams + 1] = command.to
  end
  rows.fetch(upstreams)
  row.edgeCount = before + #commands
  for i, command in ipairs(commands) do
    local index = before + i
    local edge = {
      name = row.id .. '|' .. index,
      id = row.id,
      index = index,
      ref = command.ref,
      task = command.taskId,
      type = command.type,
      maxAge = command.maxAge,
      reuse = command.reuse,
      timeout = command.timeout,
      state = hasEnded and 'dropped' or 'open',
      order = frame.next(),
    }
    edges.cache[edge.name] = edge
    made[i] = edge
    if not hasEnded then
      row.openEdges = row.openEdges + 1
      startTimeout(edge)
    end
    if command.to then
      local upstream = rows.get(command.to)
      edge.up = command.to
      if upstream then
        attach(edge, row, upstream, create.request)
      end
    else
      tasks.watch(command.taskId)
      local newest = tasks.newest(command.taskId)
      if newest and counts(edge, row, newest) then
        attach(edge, row, newest, create.request)
      elseif not hasEnded then
        call('ZADD', keys.awaited(command.taskId), frame.next(), edge.name)
      end
    end
    edges.touch(edge)
  end
  rows.touch(row)
  return made
end

-- A new execution of a watched task: those who found none that counts have waited for it.
function edges.arrive(row)
  local last = tasks.newest(row.task)
  tasks.setNewest(row)
  history.pin(row, nil)
  if last then
    history.unpin(last, nil)
  end
  local awaited = keys.awaited(row.task)
  for _, name in ipairs(call('ZRANGE', awaited, 0, -1)) do
    local edge = edges.named(name)
    attach(edge, rows.get(edge.id), row)
    edges.touch(edge)
  end
  call('DEL', awaited)
end

local function letGoOne(row, edge)
  local was, at = edge.state, edge.at
  if was == 'open' then
    edge.state = 'dropped'
  end
  edges.forgetTimeout(edge)
  if not edge.up then
    call('ZREM', keys.awaited(edge.task), edge.name)
  else
    local upstream = rows.get(edge.up)
    if upstream and not isInternal(row, upstream) then
      upstream.liveDependents = upstream.liveDependents - 1
      rows.touch(upstream)
      history.unpin(upstream, row)
    end
  end
  if edge.state ~= was or edge.at ~= at then
    edges.touch(edge)
  end
end

-- Lets go of the next edges of an execution, as far as this verb may. Returns whether none is left.
local function letGoSome(row)
  rows.touch(row)
  while row.edgesLetGo < row.edgeCount do
    -- A few go at once, unless they are large.
    if edges.mayRead <= 0 or (row.edgesLetGo > 0 and edges.mayLetGo <= 0) then
      return false
    end
    local indices, before = {}, rows.bytes
    for index = row.edgesLetGo + 1, math.min(row.edgeCount, row.edgesLetGo + LET_GO_AT_ONCE) do
      indices[#indices + 1] = index
    end
    for _, edge in ipairs(edges.someWithUpstreams(row, indices)) do
      letGoOne(row, edge)
    end
    row.edgesLetGo = row.edgesLetGo + #indices
    edges.mayLetGo = edges.mayLetGo - #indices
    edges.mayRead = edges.mayRead - (rows.bytes - before)
  end
  row.edgesLetGo = nil
  return true
end

-- An execution has ended: its own open edges matter no more, and its upstreams have one dependent less to wait for. Many of
-- them, and large ones, go with the steps that follow; it stays out of history until then.
function edges.letGo(row)
  if row.openEdges == 0 and not row.hasExternalEdges then
    return
  end
  row.edgesLetGo = 0
  if not letGoSome(row) then
    dependency.add({ row.id, 'letGo', 0 })
  end
  if row.edgesLetGo or row.boundBy then
    row.isKeptForEdges = 1
    history.pin(row, nil)
  end
end

-- One that has ended goes into history when its edges are all bound, and let go.
function edges.retire(row)
  if row.isKeptForEdges and not row.edgesLetGo and not row.boundBy then
    row.isKeptForEdges = nil
    rows.touch(row)
    history.unpin(row, nil)
  end
end

-- Lets go of the next edges. Returns whether none is left.
function edges.letGoOn(row)
  if not row.edgesLetGo then
    return true
  elseif not letGoSome(row) then
    return false
  end
  edges.retire(row)
  return true
end

-- An execution runs again: what can no longer hold is waived, what is still, or again, under way is waited for.
function edges.takeUp(row)
  row.openEdges = row.boundBy and 1 or 0
  -- From here on some edges hold that their upstreams know nothing of.
  row.readsEdgeRecords = 1
  -- Those behind it are still held from its end.
  local letGo = row.edgesLetGo
  for _, edge in ipairs(edges.withUpstreams(row)) do
    local upstream = edge.up and rows.get(edge.up)
    local undecided = edge.state == 'broken' or edge.state == 'dropped' or edge.state == 'open'
    local ended = edge.up and (not upstream or rows.isTerminal(upstream))
    edge.state = (undecided and not ended) and 'open' or 'held'
    if edge.state == 'open' then
      row.openEdges = row.openEdges + 1
      startTimeout(edge)
    end
    if upstream and not isInternal(row, upstream) then
      row.hasExternalEdges = 1
      if not letGo or edge.index <= letGo then
        upstream.liveDependents = upstream.liveDependents + 1
        rows.touch(upstream)
        history.pin(upstream, row)
      end
    elseif not edge.up and edge.state == 'open' then
      call('ZADD', keys.awaited(edge.task), frame.next(), edge.name)
    end
    edges.touch(edge)
  end
  row.edgesLetGo = nil
  if row.isKeptForEdges then
    row.isKeptForEdges = nil
    history.forgetPin(row)
  end
  rows.touch(row)
end

-- After the end, or the reopening, of an execution: its dependents are told in bounded steps.
function edges.spread(row, reopen)
  if row.dependentCount then
    dependency.add({ row.id, reopen, 0 })
  end
end
