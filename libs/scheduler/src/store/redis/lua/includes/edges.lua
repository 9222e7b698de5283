-- Edges between executions: made, attached, let go, taken up again.
-- An edge is kept by its dependent, in a hash of its own, by its place among the dependent's edges.
edges.cache = {}

local function load(id, index, record)
  local name = id .. '|' .. index
  local edge = edges.cache[name]
  if not edge then
    record = record or call('HGET', keys.edges(id), index)
    if not record then
      return nil
    end
    edge = cmsgpack.unpack(record)
    edge.name, edge.id, edge.index = name, id, index
    edges.cache[name] = edge
  end
  return edge
end

-- The edge of that name: dependent|index.
function edges.named(name)
  local id, index = string.match(name, '^(.*)|(%d+)$')
  return load(id, tonumber(index))
end

-- The edges of an execution, in order.
function edges.of(row)
  local found = {}
  for index = 1, row.ed or 0 do
    found[index] = load(row.id, index)
  end
  return found
end

function edges.save(edge)
  call(
    'HSET',
    keys.edges(edge.id),
    edge.index,
    cmsgpack.pack({
      ref = edge.ref,
      task = edge.task,
      type = edge.type,
      maxAge = edge.maxAge,
      reuse = edge.reuse,
      state = edge.state,
      up = edge.up,
      us = edge.us,
      order = edge.order,
      at = edge.at,
    })
  )
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

local function attach(edge, dependent, upstream)
  edge.up = upstream.id
  history.keep(upstream)
  call('RPUSH', keys.dependents(upstream.id), edge.name)
  upstream.nd = (upstream.nd or 0) + 1
  upstream.ld = (upstream.ld or 0) + 1
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
    edges.save(edge)
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
    edges.save(edge)
  end
  call('DEL', awaited)
end

-- An execution has ended: its own open edges matter no more, and its upstreams have one dependent less to wait for.
function edges.letGo(row)
  for _, edge in ipairs(edges.of(row)) do
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
        upstream.ld = (upstream.ld or 0) - 1
        rows.touch(upstream)
        history.retire(upstream)
      end
    end
    if edge.state ~= was or edge.at ~= at then
      edges.save(edge)
    end
  end
end

-- An execution runs again: what can no longer hold is waived, what is still, or again, under way is waited for.
function edges.takeUp(row)
  row.oe = 0
  for _, edge in ipairs(edges.of(row)) do
    local upstream = edge.up and rows.get(edge.up)
    local undecided = edge.state == 'broken' or edge.state == 'dropped'
    local ended = edge.up and (not upstream or rows.isTerminal(upstream))
    edge.state = (undecided and not ended) and 'open' or 'held'
    if edge.state == 'open' then
      row.oe = row.oe + 1
    end
    if upstream then
      upstream.ld = (upstream.ld or 0) + 1
      rows.touch(upstream)
      history.keep(upstream)
    elseif not edge.up and edge.state == 'open' then
      call('ZADD', keys.awaited(edge.task), frame.next(), edge.name)
    end
    edges.save(edge)
  end
  rows.touch(row)
end

-- After the end, or the reopening, of an execution: its dependents are told in bounded steps.
function edges.spread(row, reopen)
  if row.nd then
    call('RPUSH', keys.continuation, cmsgpack.pack({ row.id, reopen, 0 }))
  end
end
