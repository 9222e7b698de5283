-- Edges between executions: made, attached, let go, taken up again.
-- An edge is named by its dependent and its place among the dependent's edges: dependent|index. It is kept in a hash of
-- the dependent: state|type|order|deadline|maxAge|reuse|status of the upstream when decided|upstream|task|ref
-- Most edges come to hold, and nothing more. The upstream names each with its type, and the dependent's row marks those
-- that hold (`hs`), so that such an edge is neither read nor written: dependent|index|letter of its type.
edges.cache, edges.dirty = {}, {}

local EDGE = '^(%a+)|(%a+)|(%d+)|(%d*)|(%d*)|(%d)|(%u*)|([^|]*)|([^|]*)|(.*)$'
-- So many dependents are named by their upstream itself; those behind them stand in a list of their own.
local NAMED_INSIDE = 8

local function make(id, index, record)
  local state, type, order, at, maxAge, reuse, us, up, task, ref = string.match(record, EDGE)
  local edge = {
    name = id .. '|' .. index,
    id = id,
    index = index,
    state = state,
    type = type,
    order = order,
    at = tonumber(at),
    maxAge = tonumber(maxAge),
    reuse = reuse == '1',
    us = us ~= '' and us or nil,
    up = up ~= '' and up or nil,
    task = task,
    ref = ref,
  }
  local row = rows.get(id)
  if row and row.hs and row.hs[index] then
    edge.state = 'held'
  end
  edges.cache[edge.name] = edge
  return edge
end

-- Dependent, index, and the letter of the type where the name bears it.
function edges.split(name)
  local id, index, letter = string.match(name, '^([^|]*)|(%d+)|?(%a?)$')
  return id, tonumber(index), letter
end

-- The letter of an edge that needs nothing but its type to be decided; '' for one with a deadline.
local LETTER = { success = 's', failure = 'f', completion = 'c', always = 'a' }

-- The edge of that name, or nil.
function edges.named(name)
  local id, index = edges.split(name)
  local edge = edges.cache[id .. '|' .. index]
  if not edge then
    local record = call('HGET', keys.edges(id), index)
    edge = record and make(id, index, record)
  end
  return edge or nil
end

-- The edges of an execution, in order.
function edges.of(row)
  local missing, found = {}, {}
  local count = row.ed or 0
  for index = 1, count do
    if not edges.cache[row.id .. '|' .. index] then
      missing[#missing + 1] = index
    end
  end
  for from = 1, #missing, 1000 do
    local to = math.min(from + 999, #missing)
    for i, record in ipairs(call('HMGET', keys.edges(row.id), unpack(missing, from, to))) do
      make(row.id, missing[from + i - 1], record)
    end
  end
  for index = 1, count do
    found[index] = edges.cache[row.id .. '|' .. index]
  end
  return found
end

-- Reads the upstreams of an execution at once.
local function fetchUpstreams(found)
  local ids = {}
  for _, edge in ipairs(found) do
    ids[#ids + 1] = edge.up
  end
  if #ids > 1 then
    rows.fetch(ids)
  end
  return found
end

-- As edges.of, with the upstreams read.
function edges.withUpstreams(row)
  return fetchUpstreams(edges.of(row))
end

function edges.touch(edge)
  edges.dirty[edge.name] = edge
  -- From here on its own record says how it stands.
  local row = rows.get(edge.id)
  if row and row.hs and row.hs[edge.index] then
    row.hs[edge.index] = nil
    rows.touch(row)
  end
end

-- Writes those that changed, all of one dependent at once.
function edges.save()
  local byDependent = {}
  for _, edge in pairs(edges.dirty) do
    local pairs_ = byDependent[edge.id] or {}
    byDependent[edge.id] = pairs_
    pairs_[#pairs_ + 1] = edge.index
    pairs_[#pairs_ + 1] = table.concat({
      edge.state,
      edge.type,
      edge.order,
      edge.at or '',
      edge.maxAge or '',
      edge.reuse and 1 or 0,
      edge.us or '',
      edge.up or '',
      edge.task,
      edge.ref,
    }, '|')
  end
  for id, pairs_ in pairs(byDependent) do
    for from = 1, #pairs_, 2000 do
      call('HSET', keys.edges(id), unpack(pairs_, from, math.min(from + 1999, #pairs_)))
    end
  end
  edges.dirty = {}
end

local function timeoutMember(edge)
  return string.format('%012d:%s', edge.order, edge.name)
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
  local inside = row.dn or {}
  for i = from + 1, math.min(#inside, from + many) do
    names[#names + 1] = inside[i]
  end
  local rest = many - #names
  if rest > 0 and (row.nd or 0) > #inside then
    local first = math.max(0, from - #inside)
    for _, name in ipairs(call('LRANGE', keys.dependents(row.id), first, first + rest - 1)) do
      names[#names + 1] = name
    end
  end
  return names
end

local function attach(edge, dependent, upstream)
  edge.up = upstream.id
  history.keep(upstream)
  upstream.nd = (upstream.nd or 0) + 1
  local name = edge.name .. '|' .. (edge.at and '' or LETTER[edge.type])
  if upstream.nd <= NAMED_INSIDE then
    upstream.dn = upstream.dn or {}
    table.insert(upstream.dn, name)
  else
    call('RPUSH', keys.dependents(upstream.id), name)
  end
  upstream.ld = upstream.ld + 1
  upstream.ub = upstream.ub or {}
  upstream.ub[dependent.task] = 1
  rows.touch(upstream)
end

-- Whether the newest execution is one whose outcome this edge may use.
local function counts(edge, dependent, newest)
  if not rows.isTerminal(newest) then
    return true
  end
  if edge.maxAge and newest.ca < now - edge.maxAge then
    return false
  end
  return edge.reuse or not (newest.ub and newest.ub[dependent.task])
end

-- Makes the edges of a new execution: to an execution by id, to the newest of a task, or to its next one.
function edges.bind(row, commands)
  row.ed = #commands
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
      state = 'open',
      order = frame.next(),
    }
    edges.cache[edge.name] = edge
    row.oe = row.oe + 1
    if command.timeout then
      edge.at = now + command.timeout
      call('ZADD', keys.edgeTimeouts, edge.at, timeoutMember(edge))
      effects.push({ 'due', edge.at })
    end
    if command.to then
      attach(edge, row, rows.get(command.to))
    else
      tasks.watch(command.taskId)
      local newest = tasks.newest(command.taskId)
      if newest and counts(edge, row, newest) then
        attach(edge, row, newest)
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
  if last then
    history.retire(last)
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
      if upstream then
        upstream.ld = upstream.ld - 1
        rows.touch(upstream)
        history.retire(upstream)
      end
    end
    if edge.state ~= was or edge.at ~= at then
      edges.touch(edge)
    end
  end
end

-- An execution runs again: what can no longer hold is waived, what is still, or again, under way is waited for.
function edges.takeUp(row)
  row.oe = 0
  -- From here on some edges hold that their upstreams know nothing of.
  row.tu = 1
  for _, edge in ipairs(edges.withUpstreams(row)) do
    local upstream = edge.up and rows.get(edge.up)
    local undecided = edge.state == 'broken' or edge.state == 'dropped'
    local ended = edge.up and (not upstream or rows.isTerminal(upstream))
    edge.state = (undecided and not ended) and 'open' or 'held'
    if edge.state == 'open' then
      row.oe = row.oe + 1
    end
    if upstream then
      upstream.ld = upstream.ld + 1
      rows.touch(upstream)
      history.keep(upstream)
    elseif not edge.up and edge.state == 'open' then
      call('ZADD', keys.awaited(edge.task), frame.next(), edge.name)
    end
    edges.touch(edge)
  end
  rows.touch(row)
end

-- After the end, or the reopening, of an execution: its dependents are told in bounded steps.
function edges.spread(row, reopen)
  if row.nd then
    dependency.add({ row.id, reopen, 0 })
  end
end
