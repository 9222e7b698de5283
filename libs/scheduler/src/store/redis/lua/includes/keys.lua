-- Key names: all in one hash slot, since the root bears the namespace as its tag. See docs/redis-keys.md.
local root
local NAMES = {
  meta = 'm', -- hash: counters that order things, time's high-water mark, what the fleet listens to
  counters = 'c', -- hash: totals, and executions by status
  static = 'x', -- hash: id -> what an execution was created with
  state = 's', -- hash: id -> how it stands, where that is not "ready since it was created"
  extra = 'e', -- hash: id -> what most do without: lock, tags, workflow
  all = 'all', -- list: ids in the order of creation
  old = 'old', -- zset: ids that outlived their part of `all`, by number
  history = 'h', -- list: ended executions and workflows that COMPLETED, oldest first
  historyFailed = 'hf', -- list: those that FAILED
  historyCancelled = 'hx', -- list: those that were CANCELLED
  historySkipped = 'hk', -- list: executions that were SKIPPED
  droppedMembers = 'hg', -- list: executions of dropped workflows that are still to be dropped
  delayed = 'dl', -- zset: by the steady time at which they are due
  dated = 'dd', -- zset: those of them that are due at a date, by that date
  edgeTimeouts = 'et', -- zset: dependent and edge, by deadline
  lockWaits = 'lw', -- zset: parked executions, by deadline
  expiries = 'ex', -- zset: executions with a ttl that wait for their first run, by the end of it
  lockExpiries = 'lx', -- zset: held locks, by expiry
  cancelDeadlines = 'gr', -- zset: runs asked to cancel, by the end of their grace
  runDeadlines = 'bd', -- zset: runs with a timeout of their own, by the instant at which the store ends them
  stagedBatches = 'in', -- zset: staged batches, by timeout
  committedBatches = 'ac', -- list: committed batches that are not fully inserted
  continuation = 'cont', -- list: ended or reopened executions whose dependents are still to be told
  otherSteps = 'co', -- list: such steps of kinds that only another release knows
  locks = 'l', -- hash: key -> lock
  handles = 'lh', -- hash: owner and key -> wait of a handle
  queues = 'q', -- hash: queue -> pause, rules, running
  refills = 'qr', -- zset: queues with a full rate limit, by the steady time from which on it has room
  uncounted = 'qu', -- set: queues with limits whose runs are still to be counted
  counting = 'qc', -- set: those of the count under way, see runCounts.lua
  countedRuns = 'cr', -- set: runs that it has examined
  countedWorkers = 'cw', -- list: workers whose runs it is still to examine
  tombstones = 'ho', -- hash: ready list -> entries in it that no longer count
  unhandledTasks = 'ut', -- zset: tasks with executions that met workers without a handler
  unhandledIndexed = 'ui', -- hash: level and task -> number up to which those are in the lists of their queues
  tasks = 't', -- hash: taskId -> mirror
  watched = 'tw', -- set: tasks that others depend on
  newest = 'tn', -- hash: watched task -> its newest execution
  workers = 'w', -- hash: workerId -> what each of its trips needs
  registrations = 'wh', -- hash: workerId -> what it said of itself, JSON
  leases = 'wl', -- zset: workerId by the end of its lease
  idle = 'wi', -- hash: workerId -> free slots that take a hand-over
  dispatched = 'ha', -- hash: executions handed over and not yet heard of -> worker and time
  pipelines = 'ln', -- hash: worker and lane -> newest sequence, and its reply
  workflows = 'wf', -- hash: workflowId -> what it was started with
  workflowStates = 'ws', -- hash: workflowId -> how it stands
  workflowOrder = 'wo', -- zset: workflowId by number
  schedules = 'sc', -- hash: id -> schedule
  ticks = 'sd', -- zset: schedules that will fire, by next tick
  idempotency = 'id', -- hash: task and key -> execution
  idempotencyEnds = 'ie', -- zset: those keys by expiry
  aside = 'sa', -- list: what could not be treated, with what was stored of it and the error
  errors = 'er', -- list: recent errors
  window = 'win', -- hash: minute and figure -> ends
  progress = 'pr', -- hash: id -> progress
  nodes = 'nd', -- hash: node -> what it listens to
  operations = 'op', -- hash: operation -> its reply, for repeats
  operationOrder = 'oo', -- list: those operations, oldest first
  effects = 'fx', -- channel: effects for other nodes
}
-- Made when first asked for: a script needs a few of them.
local keys = setmetatable({}, {
  __index = function(made, name)
    local key = root .. NAMES[name]
    made[name] = key
    return key
  end,
})

-- Those made last are kept as long as the calls are of one namespace.
function keys.begin()
  if root ~= KEYS[1] then
    root = KEYS[1]
    for name in pairs(NAMES) do
      keys[name] = nil
    end
  end
end

function keys.ready(queueName, level)
  return root .. 'r:' .. queueName .. ':' .. level
end
function keys.running(workerId)
  return root .. 'run:' .. workerId
end
function keys.edges(id)
  return root .. 'ed:' .. id
end
function keys.dependents(id)
  return root .. 'dp:' .. id
end
function keys.parked(lockKey)
  return root .. 'pk:' .. lockKey
end
function keys.lines(lockKey)
  return root .. 'pw:' .. lockKey
end
function keys.awaited(task)
  return root .. 'nx:' .. task
end
function keys.unhandled(task, level)
  return root .. 'u:' .. task .. ':' .. level
end
function keys.unhandledLists(queue)
  return root .. 'ul:' .. queue
end
function keys.unhandledOf(length, queue, list)
  return root .. 'uq:' .. length .. ':' .. queue .. ':' .. list
end
function keys.batchItems(batch)
  return root .. 'in:' .. batch
end
function keys.batchUpstreams(batch)
  return root .. 'ih:' .. batch
end
function keys.batchKeys(batch)
  return root .. 'ik:' .. batch
end
function keys.logs(id)
  return root .. 'lo:' .. id
end
function keys.declared(appName)
  return root .. 'sn:' .. appName
end
function keys.dispatchChannel(workerId)
  return root .. 'to:' .. workerId
end
function keys.worker(workerId)
  return root .. 'wk:' .. workerId
end
