-- Key names. All are in one hash slot, since the root has the namespace as its hash tag. See docs/redis-keys.md.
-- @include memo
local root
local NAMES = {
  meta = 'm', -- hash: counters, the highest time seen, masks of subscribed events
  counters = 'c', -- hash: totals, and executions by status
  static = 'x', -- hash: id -> record
  state = 's', -- hash: id -> state; absent for a simple execution that is ready or running
  extra = 'e', -- hash: id -> rarely used options: lock, tags, ttl, schedule
  all = 'all', -- list: ids in the order of creation
  old = 'old', -- zset: ids that outlived their part of `all`, by number
  history = 'h', -- list: ended executions and workflows that COMPLETED, oldest first
  historyFailed = 'hf', -- list: those that FAILED
  historyCancelled = 'hx', -- list: those that were CANCELLED
  historySkipped = 'hk', -- list: executions that were SKIPPED
  droppedMembers = 'hg', -- list: members of dropped workflows that are still to be deleted
  delayed = 'dl', -- zset: delayed executions, by due steady time
  dated = 'dd', -- zset: those of them that are due at a date, by that date
  edgeTimeouts = 'et', -- zset: dependent and edge, by deadline
  lockWaits = 'lw', -- zset: parked executions, by deadline
  expiries = 'ex', -- zset: executions with a ttl that wait for their first run, by its end
  lockExpiries = 'lx', -- zset: held locks, by expiry
  cancelDeadlines = 'gr', -- zset: runs asked to cancel, by the end of the grace period
  runDeadlines = 'bd', -- zset: runs with their own timeout, by the instant at which the store ends them
  stagedBatches = 'in', -- zset: staged batches, by timeout
  committedBatches = 'ac', -- list: committed batches that are not fully inserted
  continuation = 'cont', -- list: ended or reopened executions whose dependents are still to be visited
  otherSteps = 'co', -- list: such steps of kinds that only another release knows
  locks = 'l', -- hash: key -> lock
  handles = 'lh', -- hash: owner and key -> wait of a handle
  queues = 'q', -- hash: queue -> pause, limits, running
  refills = 'qr', -- zset: queues with a full rate limit, by the steady time at which it has room
  uncounted = 'qu', -- set: queues with limits whose runs are still to be counted
  counting = 'qc', -- set: those of the current count, see runCounts.lua
  countedRuns = 'cr', -- set: runs that it has examined
  countedWorkers = 'cw', -- list: workers whose runs it must still examine
  tombstones = 'ho', -- hash: ready list -> number of tombstones in it
  unhandledTasks = 'ut', -- zset: tasks with executions that met workers without a handler
  unhandledIndexed = 'ui', -- hash: level and task -> number up to which those are in the lists of their queues
  tasks = 't', -- hash: taskId -> task record
  watched = 'tw', -- set: tasks that others depend on
  newest = 'tn', -- hash: watched task -> its newest execution
  workers = 'w', -- hash: workerId -> what each exchange needs
  registrations = 'wh', -- hash: workerId -> registration, JSON
  leases = 'wl', -- zset: workerId by the end of its lease
  idle = 'wi', -- hash: workerId -> free slots for direct dispatch, and time
  dispatched = 'ha', -- hash: directly dispatched executions without a heartbeat since -> worker and time
  pipelines = 'ln', -- hash: worker and pipeline -> newest sequence, and its reply
  workflows = 'wf', -- hash: workflowId -> what it was started with
  workflowStates = 'ws', -- hash: workflowId -> state
  workflowOrder = 'wo', -- zset: workflowId by number
  schedules = 'sc', -- hash: id -> schedule
  ticks = 'sd', -- zset: schedules that will fire, by next tick
  idempotency = 'id', -- hash: task and key -> execution
  idempotencyEnds = 'ie', -- zset: those keys by expiry
  aside = 'sa', -- list: what was set aside, with its stored texts and the error
  asideEntries = 'sl', -- set: entries that executions among those may have in a ready list or in history
  errors = 'er', -- list: recent errors
  window = 'win', -- hash: minute and figure -> ends
  progress = 'pr', -- hash: id -> progress
  nodes = 'nd', -- hash: node -> mask of the events that it subscribes to
  operations = 'op', -- hash: operation -> its reply, for repeats
  operationOrder = 'oo', -- list: those operations, oldest first
  effects = 'fx', -- channel: effects for other nodes
}
-- Built on first use, since a script needs few of them.
local keys = setmetatable({}, {
  __index = function(made, name)
    local key = root .. NAMES[name]
    made[name] = key
    return key
  end,
})

-- Forgets the names of an earlier namespace.
local forget = {}

-- The names are kept while calls have the same namespace.
function keys.begin()
  if root ~= KEYS[1] then
    root = KEYS[1]
    for name in pairs(NAMES) do
      keys[name] = nil
    end
    for _, each in ipairs(forget) do
      each()
    end
  end
end

function keys.ready(queueName, level)
  return root .. 'r:' .. queueName .. ':' .. level
end
function keys.running(workerId)
  return root .. 'run:' .. workerId
end
function keys.worker(workerId)
  return root .. 'wk:' .. workerId
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
function keys.attempts(id)
  return root .. 'at:' .. id
end
function keys.declared(appName)
  return root .. 'sn:' .. appName
end
function keys.dispatchChannel(workerId)
  return root .. 'to:' .. workerId
end

local KEPT_AT_MOST = 1000

local function kept(make)
  local get, clear = memo.of(make, KEPT_AT_MOST)
  forget[#forget + 1] = clear
  return get
end

keys.running, keys.worker = kept(keys.running), kept(keys.worker)

local readyList = keys.ready
-- The ready lists of a queue, by level from 1.
keys.readyLists = kept(function(queueName)
  local lists = {}
  for level = 0, 4 do
    lists[level + 1] = readyList(queueName, level)
  end
  return lists
end)

function keys.ready(queueName, level)
  return keys.readyLists(queueName)[level + 1]
end
