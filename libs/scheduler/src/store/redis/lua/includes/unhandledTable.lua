-- Executions that met workers without a handler, see UnhandledTable in engine/tables.ts: a sorted set for each task and
-- level.
local unhandledTable = {}
tables.unhandled = unhandledTable

function unhandledTable:has(row)
  return row.location == 'unhandled'
end

function unhandledTable:add(row)
  row.location = 'unhandled'
  call('ZADD', keys.unhandled(row.task, row.level), frame.next(), row.id)
  call('ZADD', keys.unhandledTasks, 'NX', frame.next(), row.task)
  rows.touch(row)
end

function unhandledTable:remove(row)
  call('ZREM', keys.unhandled(row.task, row.level), row.id)
end

local function isEmpty(task)
  for level = 0, 4 do
    if call('EXISTS', keys.unhandled(task, level)) == 1 then
      return false
    end
  end
  return true
end

function unhandledTable:eachFirst(worker_, visit)
  for _, task in ipairs(call('ZRANGE', keys.unhandledTasks, 0, -1)) do
    for level = 0, workerTable.hasHandler(worker_, task) and 4 or -1 do
      local first = call('ZRANGE', keys.unhandled(task, level), 0, 0)[1]
      local row = first and rows.get(first, true)
      if row then
        visit(row)
      end
    end
  end
end

function unhandledTable:each(worker_, level, visit)
  for _, task in ipairs(call('ZRANGE', keys.unhandledTasks, 0, -1)) do
    if workerTable.hasHandler(worker_, task) then
      for _, id in ipairs(call('ZRANGE', keys.unhandled(task, level), 0, 4 * limits.CLAIM_PER_STEP)) do
        local row = rows.get(id, true)
        if not row then
          call('ZREM', keys.unhandled(task, level), id)
        elseif not visit(row) then
          return
        end
      end
      if isEmpty(task) then
        call('ZREM', keys.unhandledTasks, task)
      end
    end
  end
end
