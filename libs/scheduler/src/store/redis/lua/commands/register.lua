#!lua flags=allow-oom
-- Registers a worker, or updates its registration.
-- ARGV: context, operation, workerId, registration (JSON), number of queues, queues..., tasks...   Returns: 1, effects
-- @include verb
local registration = { text = ARGV[4], queues = {}, slots = cjson.decode(ARGV[4]).maxConcurrentTasks, tasks = {} }
local tasksFrom = 6 + tonumber(ARGV[5])
for i = 6, tasksFrom - 1 do
  table.insert(registration.queues, ARGV[i])
end
for i = tasksFrom, #ARGV do
  table.insert(registration.tasks, ARGV[i])
end
engine.worker.register(tables, ARGV[3], registration)
return commit(1)
