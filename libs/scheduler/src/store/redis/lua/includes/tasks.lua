-- Watched tasks, which others depend on, and the newest execution of each.
local tasks = {}

function tasks.begin()
  tasks.watchedTasks, tasks.newestIds = {}, {}
end

function tasks.isWatched(task)
  local watched = tasks.watchedTasks[task]
  if watched == nil then
    watched = call('SISMEMBER', keys.watched, task) == 1
    tasks.watchedTasks[task] = watched
  end
  return watched
end

function tasks.watch(task)
  if not tasks.isWatched(task) then
    call('SADD', keys.watched, task)
    tasks.watchedTasks[task] = true
  end
end

function tasks.newestId(task)
  local id = tasks.newestIds[task]
  if id == nil then
    id = call('HGET', keys.newest, task)
    tasks.newestIds[task] = id
  end
  return id
end

function tasks.newest(task)
  local id = tasks.newestId(task)
  return id and rows.get(id)
end

function tasks.setNewest(row)
  tasks.newestIds[row.task] = row.id
  call('HSET', keys.newest, row.task, row.id)
end

function tasks.isNewest(row)
  return tasks.isWatched(row.task) and tasks.newestId(row.task) == row.id
end
