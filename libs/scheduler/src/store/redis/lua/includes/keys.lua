-- Key names: all in one hash slot, since the root bears the namespace as its tag. keys.ts has the same names.
local root = KEYS[1]
local keys = {
  meta = root .. 'm', -- hash: counters that order things, time's high-water mark, what the fleet listens to
  counters = root .. 'c', -- hash: totals, and executions by status
  static = root .. 'x', -- hash: id -> what an execution was created with
  state = root .. 's', -- hash: id -> how it stands, where that is not "ready since it was created"
  extra = root .. 'e', -- hash: id -> what most do without: lock, tags, workflow
  all = root .. 'all', -- list: ids in the order of creation
  old = root .. 'old', -- zset: ids that outlived their part of `all`, by number
  history = root .. 'h', -- list: ended executions, oldest first
  delayed = root .. 'dl', -- zset: by due time
  edgeTimeouts = root .. 'et', -- zset: dependent and edge, by deadline
  lockWaits = root .. 'lw', -- zset: parked executions, by deadline
  lockExpiries = root .. 'lx', -- zset: held locks, by expiry
  graces = root .. 'gr', -- zset: runs asked to cancel, by the end of their grace
  bounds = root .. 'bd', -- zset: runs with a timeout of their own, by the instant at which the store ends them
  continuation = root .. 'cont', -- list: ended or reopened executions whose dependents are still to be told
  locks = root .. 'l', -- hash: key -> lock
  handles = root .. 'lh', -- hash: owner and key -> wait of a handle
  queues = root .. 'q', -- hash: queue -> pause, rules, running
  holes = root .. 'ho', -- hash: ready list -> entries in it that no longer count
  unhandledTasks = root .. 'ut', -- zset: tasks with executions that met workers without a handler
  tasks = root .. 't', -- hash: taskId -> mirror
  watched = root .. 'tw', -- set: tasks that others depend on
  newest = root .. 'tn', -- hash: watched task -> its newest execution
  workers = root .. 'w', -- hash: workerId -> what each of its trips needs
  hellos = root .. 'wh', -- hash: workerId -> what it said of itself, JSON
  leases = root .. 'wl', -- zset: workerId by the end of its lease
  idle = root .. 'wi', -- hash: workerId -> free slots that take a hand-over
  handed = root .. 'ha', -- hash: executions handed over and not yet heard of -> worker and time
  lanes = root .. 'ln', -- hash: worker and lane -> newest sequence, and its reply; worker -> doubts in its plain runs
  workflows = root .. 'wf', -- hash: workflowId -> what it was started with
  workflowStates = root .. 'ws', -- hash: workflowId -> how it stands
  workflowOrder = root .. 'wo', -- zset: workflowId by number
  endedWorkflows = root .. 'we', -- zset: ended workflows by the order of their ends
  schedules = root .. 'sc', -- hash: id -> schedule
  ticks = root .. 'sd', -- zset: schedules that will fire, by next tick
  scheduleRuns = root .. 'sr', -- hash: schedule -> its newest execution
  idempotency = root .. 'id', -- hash: task and key -> execution
  idempotencyEnds = root .. 'ie', -- zset: those keys by expiry
  errors = root .. 'er', -- list: recent errors
  window = root .. 'win', -- hash: minute and figure -> ends
  progress = root .. 'pr', -- hash: id -> progress
  nodes = root .. 'nd', -- hash: node -> what it listens to
  operations = root .. 'op', -- hash: operation -> its reply, for repeats
  operationOrder = root .. 'oo', -- list: those operations, oldest first
  effects = root .. 'fx', -- channel: effects for other nodes
}

function keys.ready(queue, level)
  return root .. 'r:' .. queue .. ':' .. level
end
function keys.running(worker)
  return root .. 'run:' .. worker
end
function keys.edges(id)
  return root .. 'ed:' .. id
end
function keys.dependents(id)
  return root .. 'dp:' .. id
end
function keys.parked(lock)
  return root .. 'pk:' .. lock
end
function keys.awaited(task)
  return root .. 'nx:' .. task
end
function keys.unhandled(task, level)
  return root .. 'u:' .. task .. ':' .. level
end
function keys.logs(id)
  return root .. 'lo:' .. id
end
function keys.handOver(worker)
  return root .. 'to:' .. worker
end
function keys.worker(worker)
  return root .. 'wk:' .. worker
end
