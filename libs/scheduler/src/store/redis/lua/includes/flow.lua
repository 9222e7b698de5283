-- The short way of lean members of workflows: see links.lua.
local flow = { results = {} }

-- n|created|due|flags|task|queue|level|timeout|workflow
local TIES = '^%d+|%d+|%-?%d+|f[^;|]*;([^|]*)|[^|]*|[^|]*|%d|%d*|([^|]*)|'
local PLACE = '^%d+|%d+|%-?%d+|[^|]*|[^|]*|([^|]*)|(%d)|'

-- Members of the workflows that end, or nil where one of them has not ended in the short way.
local function membersOf(ended, settling)
  local members = {}
  for _, id in ipairs(ended) do
    local ids = workflow.record(id).ids
    for i, state in ipairs(call('HMGET', keys.state, unpack(ids))) do
      if not settling[ids[i]] and not (state and string.byte(state) == 67) then
        return nil
      end
    end
    members[id] = ids
  end
  return members
end

-- What the ends of these members (ids stand in ARGV from `at` on) mean for others, or nil where it is not that simple.
function flow.plan(n, at)
  local settling = {}
  local waits, dependents = {}, {}
  local ends, ended = {}, {}
  for i, record in ipairs(call('HMGET', keys.static, unpack(ARGV, at, at + n - 1))) do
    local names, wf = string.match(record or '', TIES)
    if not names then
      return nil
    end
    settling[ARGV[at + i - 1]] = true
    for id, letter in string.gmatch(names, '([^=,]+)=%d+=(%a)') do
      if letter == 'f' then
        return nil
      end
      if not waits[id] then
        dependents[#dependents + 1] = id
      end
      waits[id] = (waits[id] or 0) + 1
    end
    ends[wf] = (ends[wf] or 0) + 1
    if workflow.get(wf).open == ends[wf] then
      ended[#ended + 1] = wf
    end
  end
  local left = {}
  for i, state in ipairs(#dependents > 0 and call('HMGET', keys.state, unpack(dependents)) or {}) do
    local open = state and string.match(state, '^O(%d+)$')
    if not open then
      return nil
    end
    left[i] = tonumber(open) - waits[dependents[i]]
  end
  local members = membersOf(ended, settling)
  return members and { dependents = dependents, left = left, ends = ends, ended = ended, members = members }
end

-- Those that wait for nothing any more stand in their queues from here on.
local function makeReady(ids)
  call('HDEL', keys.state, unpack(ids))
  for i, record in ipairs(call('HMGET', keys.static, unpack(ids))) do
    local name, level = string.match(record, PLACE)
    call('RPUSH', keys.ready(name, level), ids[i])
    effects.wake(name)
  end
  frame.count('waitingForDependencies', -#ids)
end

function flow.apply(plan)
  local ready, waiting = {}, {}
  for i, id in ipairs(plan.dependents) do
    if plan.left[i] == 0 then
      ready[#ready + 1] = id
    else
      waiting[#waiting + 1] = id
      waiting[#waiting + 1] = 'O' .. plan.left[i]
    end
  end
  if #waiting > 0 then
    call('HSET', keys.state, unpack(waiting))
  end
  if #ready > 0 then
    makeReady(ready)
  end
  for id, ends in pairs(plan.ends) do
    local found = workflow.get(id)
    found.open = found.open - ends
    found.dirty = true
  end
  for _, id in ipairs(plan.ended) do
    local found = workflow.get(id)
    workflow.finish(found)
    found.ends = string.rep('C', found.size)
    call('RPUSH', keys.history, unpack(plan.members[id]))
    workflow.trim()
  end
  workflow.save()
end

-- What claimed members have got from their dependencies; claims: { id, its ties, ... }
function flow.gather(claims)
  local upstreams = {}
  for i = 2, #claims, 2 do
    for _, tie in ipairs(claims[i]) do
      upstreams[#upstreams + 1] = tie[1]
    end
  end
  local states, at = {}, 0
  for from = 1, #upstreams, 1000 do
    local to = math.min(from + 999, #upstreams)
    for _, state in ipairs(call('HMGET', keys.state, unpack(upstreams, from, to))) do
      states[#states + 1] = state
    end
  end
  for i = 1, #claims, 2 do
    local found, any = {}, false
    for _, tie in ipairs(claims[i + 1]) do
      at = at + 1
      local state = states[at]
      if string.sub(tie[3], 1, 1) ~= '$' then
        local isLean = state and string.byte(state) == 67
        found[tie[3]] = state and (isLean and links.result(state) or not isLean and cmsgpack.unpack(state).res) or false
        any = true
      end
    end
    if any then
      flow.results[#flow.results + 1] = claims[i]
      flow.results[#flow.results + 1] = cjson.encode(found)
    end
  end
end
