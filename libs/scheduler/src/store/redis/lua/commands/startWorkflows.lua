-- Lean workflows, see links.lua: NEW -> PENDING for all members of each; one that is there already stays as it is.
-- ARGV: frame, operation, groups (JSON: { queue, level, task } of the members), group of each member as one character,
--   then of each workflow: workflowId, its record, { number of a member=its open edges;... }, size,
--   and of each member: executionId, record (flags|task|queue|level|timeout|workflow|ref|payload)
-- Returns: 1, effects
-- @include keys
-- @include frame
-- @include effects
-- @include workflows

local FIRST = 5

-- Those that are not there yet: { where it stands, members before it, size }.
local function freshOnes()
  local found, ids = {}, {}
  local at, before = FIRST, 0
  while at <= #ARGV do
    local size = tonumber(ARGV[at + 3])
    ids[#ids + 1] = ARGV[at]
    found[#found + 1] = { at = at, before = before, size = size }
    at, before = at + 4 + 2 * size, before + size
  end
  local fresh = {}
  for i, state in ipairs(call('HMGET', keys.workflowStates, unpack(ids))) do
    if not state then
      fresh[#fresh + 1] = found[i]
    end
  end
  return fresh
end

local fresh, groups = freshOnes(), cjson.decode(ARGV[3])

-- Whether others wait for a task of theirs.
local function isWatched()
  for _, group in ipairs(groups) do
    if call('SISMEMBER', keys.watched, group[3]) == 1 then
      return true
    end
  end
  return false
end

-- As they are: no row is looked at.
local function startLean()
  local buffers = {}
  for i in ipairs(groups) do
    buffers[i] = {}
  end
  local ids, records, states = {}, {}, {}
  local suffix = '|' .. now .. '|' .. now .. '|'
  for _, each in ipairs(fresh) do
    local at, members = each.at, {}
    workflow.create(ARGV[at], ARGV[at + 1], each.size)
    for number, open in string.gmatch(ARGV[at + 2], '(%d+)=(%d+);') do
      members[tonumber(number)] = open
    end
    for i = 1, each.size do
      local id = ARGV[at + 2 + 2 * i]
      frame.created = frame.created + 1
      ids[#ids + 1] = id
      records[#records + 1] = id
      records[#records + 1] = frame.created .. suffix .. ARGV[at + 3 + 2 * i]
      local index = string.byte(ARGV[4], each.before + i)
      if members[i] then
        states[#states + 1] = id
        states[#states + 1] = 'O' .. members[i]
      else
        local buffer = buffers[index]
        buffer[#buffer + 1] = id
      end
      if effects.isWanted('scheduled') then
        local group = groups[index]
        effects.push({ 'x', 'scheduled', id, group[3], 'PENDING', group[1], group[2], now, false, ARGV[at], false, false, false })
      end
    end
  end
  call('HSET', keys.static, unpack(records))
  call('RPUSH', keys.all, unpack(ids))
  if #states > 0 then
    call('HSET', keys.state, unpack(states))
    frame.count('waitingForDependencies', #states / 2)
  end
  for i, group in ipairs(groups) do
    call('HSETNX', keys.queues, group[1], '')
    if #buffers[i] > 0 then
      call('RPUSH', keys.ready(group[1], group[2]), unpack(buffers[i]))
      effects.wake(group[1])
    end
  end
  workflow.save()
  frame.count('PENDING', #ids)
  frame.count('scheduled', #ids)
  local reply = { 1, effects.publish(), now }
  frame.remember(reply)
  frame.save()
  return reply
end

if #fresh == 0 then
  return { 1, '', now }
end
if not isWatched() then
  return startLean()
end

-- @include engine

-- They cannot be lean, since others wait for their tasks: their ties become edges.
for _, each in ipairs(fresh) do
  local at, tasks_, made, extras = each.at, {}, {}, {}
  workflow.create(ARGV[at], ARGV[at + 1], each.size)
  for i = 1, each.size do
    local record = ARGV[at + 3 + 2 * i]
    tasks_[ARGV[at + 2 + 2 * i]] = string.match(record, '^[^|]*|([^|]*)')
  end
  for i = 1, each.size do
    local id = ARGV[at + 2 + 2 * i]
    local flags, rest = string.match(ARGV[at + 3 + 2 * i], '^([^|]*)(.*)$')
    local untied = {}
    for k, tie in ipairs(links.edges(flags)) do
      untied[k] = { taskId = tasks_[tie[1]], ref = tie[3], type = links.types[tie[2]], to = tie[1], reuse = false }
    end
    extras[i] = { edges = #untied > 0 and untied or nil }
    made[i] = create.row(id, 'w' .. rest, extras[i])
  end
  for i = 1, each.size do
    create.admit(made[i], extras[i])
  end
end
return commit(1)
