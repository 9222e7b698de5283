-- How edges come to their upstreams, and leave them.
-- So many dependents are named by their upstream itself; those behind them stand in a list of their own.
local NAMED_INSIDE = 8

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
  history.pin(upstream, dependent)
  upstream.dependentCount = (upstream.dependentCount or 0) + 1
  -- The letter of an edge that needs nothing but its type to be decided; '' for one with a deadline.
  local name = edge.name .. '|' .. (edge.at and '' or codes.EDGE[edge.type])
  if upstream.dependentCount <= NAMED_INSIDE then
    upstream.dependentNames = upstream.dependentNames or {}
    table.insert(upstream.dependentNames, name)
  else
    call('RPUSH', keys.dependents(upstream.id), name)
  end
  if not isInternal(dependent, upstream) then
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

-- Makes the edges of a new execution: to an execution by id, to the newest of a task, or to its next one.
function edges.bind(row, commands)
  row.edgeCount = #commands
  local upstreams = {}
  for _, command in ipairs(commands) do
    upstreams[#upstreams + 1] = command.to
  end
  rows.fetch(upstreams)
  for index, command in ipairs(commands) do
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
      state = 'open',
      order = frame.next(),
    }
    edges.cache[edge.name] = edge
    row.openEdges = row.openEdges + 1
    startTimeout(edge)
    if command.to then
      attach(edge, row, rows.get(command.to), create.request)
    else
      tasks.watch(command.taskId)
      local newest = tasks.newest(command.taskId)
      if newest and counts(edge, row, newest) then
        attach(edge, row, newest, create.request)
      else
        call('ZADD', keys.awaited(command.taskId), frame.next(), edge.name)
      end
    end
    edges.touch(edge)
  end
  rows.touch(row)
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

-- An execution has ended: its own open edges matter no more, and its upstreams have one dependent less to wait for.
function edges.letGo(row)
  if row.openEdges == 0 and not row.hasExternalEdges then
    return
  end
  for _, edge in ipairs(edges.withUpstreams(row)) do
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
end

-- An execution runs again: what can no longer hold is waived, what is still, or again, under way is waited for.
function edges.takeUp(row)
  row.openEdges = 0
  -- From here on some edges hold that their upstreams know nothing of.
  row.readsEdgeRecords = 1
  for _, edge in ipairs(edges.withUpstreams(row)) do
    local upstream = edge.up and rows.get(edge.up)
    local undecided = edge.state == 'broken' or edge.state == 'dropped'
    local ended = edge.up and (not upstream or rows.isTerminal(upstream))
    edge.state = (undecided and not ended) and 'open' or 'held'
    if edge.state == 'open' then
      row.openEdges = row.openEdges + 1
      startTimeout(edge)
    end
    if upstream and not isInternal(row, upstream) then
      row.hasExternalEdges = 1
      upstream.liveDependents = upstream.liveDependents + 1
      rows.touch(upstream)
      history.pin(upstream, row)
    elseif not edge.up and edge.state == 'open' then
      call('ZADD', keys.awaited(edge.task), frame.next(), edge.name)
    end
    edges.touch(edge)
  end
  rows.touch(row)
end

-- After the end, or the reopening, of an execution: its dependents are told in bounded steps.
function edges.spread(row, reopen)
  if row.dependentCount then
    dependency.add({ row.id, reopen, 0 })
  end
end
