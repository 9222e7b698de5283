-- The whole of the transitions. The concerns call each other, so their tables are there before their functions are.
local rows, queue, history, tasks, edges, dependency, finish = {}, {}, {}, {}, {}, {}, {}
local lock, settle, worker, claim, create, cancel, cron = {}, {}, {}, {}, {}, {}, {}

-- @include links
-- @include budget
-- @include workflows
-- @include rows
-- @include queue
-- @include window
-- @include history
-- @include tasks
-- @include edges
-- @include binding
-- @include dependency
-- @include workflow
-- @include lock
-- @include finish
-- @include settle
-- @include worker
-- @include claim
-- @include cancel
-- @include create
-- @include cron

-- Writes what a verb has gathered.
local function save()
  finish.flush()
  create.save()
  queue.flush()
  dependency.save()
  edges.save()
  history.settle()
  rows.save()
  workflow.save()
  window.save()
end

-- Ends a verb: tells dependents within bounds, writes what was gathered, reports.
local function commit(value)
  dependency.drain()
  save()
  local reply = { value, effects.publish(true), now }
  frame.remember(reply)
  frame.save()
  return reply
end
