-- Effects of a verb: the reply contains all, and those that other nodes subscribe to are published.
local effects = {}

function effects.begin()
  -- woken: names of queues, as a list and as a set.
  effects.list, effects.woken = {}, {}
end

local BIT = codes.TRANSITION_BITS

function effects.push(effect)
  effects.list[#effects.list + 1] = effect
end

-- Whether any node subscribes to such events.
function effects.isSubscribed(kind)
  return math.floor(context.mask / BIT[kind]) % 2 == 1
end

-- Whether another node does.
function effects.isSubscribedElsewhere(kind)
  return context.nodes > 1 and math.floor(context.othersMask / BIT[kind]) % 2 == 1
end

function effects.emit(row, kind)
  if not effects.isSubscribed(kind) then
    return
  end
  effects.push({
    codes.EXECUTION_EFFECT,
    kind,
    row.id,
    row.task,
    row.status,
    row.queue,
    row.level,
    now,
    row.lastWorkerId or false,
    row.workflowId or false,
    row.result or false,
    attemptTable.errorOf(row) or false,
    row.reason or false,
  })
end

-- The same for executions without a row, of which only the record is stored.
local function pushSimple(kind, status, id, task, queueName, level, workerId, workflowId)
  effects.push({
    codes.EXECUTION_EFFECT,
    kind,
    id,
    task,
    status,
    queueName,
    level,
    now,
    workerId,
    workflowId,
    false,
    false,
    false,
  })
end

function effects.pushScheduled(id, task, queueName, level, workflowId)
  pushSimple('scheduled', 'PENDING', id, task, queueName, level, false, workflowId)
end

function effects.pushStarted(id, task, queueName, level, workerId, workflowId)
  pushSimple('started', 'RUNNING', id, task, queueName, level, workerId, workflowId)
end

local function isPaused(stored)
  local isReadable, queue = pcall(cmsgpack.unpack, stored)
  return isReadable and type(queue) == 'table' and queue.paused
end

-- Idle workers find work in the queue. stored: what is stored of it, if known: a paused queue wakes none.
function effects.wake(name, stored)
  if stored and stored ~= '' and isPaused(stored) then
    return
  end
  if not effects.woken[name] then
    effects.woken[name] = true
    effects.woken[#effects.woken + 1] = name
  end
end

local LOCAL = { aside = true, clock = true, returned = true, rewound = true, due = true, more = true, ready = true }

local function concernsOthers(effect)
  if effect[1] == codes.EXECUTION_EFFECT then
    return effects.isSubscribedElsewhere(effect[2])
  end
  return not LOCAL[effect[1]]
end

-- The effects as one text, or ''; publishes those that concern other nodes. mayBeMore: dependents may remain to be visited.
function effects.publish(mayBeMore)
  local wokenCount = #effects.woken
  for _, name in ipairs(effects.woken) do
    effects.push({ 'ready', name })
  end
  if mayBeMore and call('EXISTS', keys.continuation) == 1 then
    effects.push({ 'more' })
  end
  if #effects.list == 0 then
    return ''
  end
  if context.nodes > 1 then
    local published = {}
    for _, effect in ipairs(effects.list) do
      if concernsOthers(effect) then
        published[#published + 1] = effect
      end
    end
    -- Idle workers are notified once; each registers as idle again when it finds nothing.
    if wokenCount > 0 and call('DEL', keys.idle) == 1 then
      for _, name in ipairs(effects.woken) do
        published[#published + 1] = { 'ready', name }
      end
    end
    if #published > 0 then
      call(context.publish, keys.effects, context.node .. '|' .. cjson.encode(published))
    end
  end
  return cjson.encode(effects.list)
end
