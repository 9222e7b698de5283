-- The whole of the transitions. The concerns call each other, so their tables are there before their functions are.
-- Each stands in a block of its own, since a script has at most 200 locals at a time.
local rows, queue, history, tasks, edges, dependency, finish = {}, {}, {}, {}, {}, {}, {}
local settle, worker, claim, create, cancel, cron, startable = {}, {}, {}, {}, {}, {}, {}
-- What the engine stands on.
local tables = {}

-- @include links
-- @include budget
-- @include workflows
-- @include aside
-- @include steps
do
-- @include rows
end
do
-- @include queue
end
-- @include window
do
-- @include history
end
do
-- @include tasks
end
do
-- @include edges
end
do
-- @include binding
end
do
-- @include dependency
end
-- @include workflow
do
-- @include startable
end
-- @include engine
do
-- @include tables
end
do
-- @include waiters
end
do
-- @include finish
end
do
-- @include settle
end
do
-- @include worker
end
do
-- @include claim
end
do
-- @include cancel
end
do
-- @include create
end
do
-- @include cron
end

-- Writes what a verb has gathered.
local function save()
  finish.flush()
  create.save()
  queue.flush()
  edges.save()
  history.settle()
  dependency.save()
  rows.save()
  tables.save()
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
