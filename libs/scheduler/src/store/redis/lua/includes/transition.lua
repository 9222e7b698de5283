-- The end of a verb.
local transition = {}

local function write(name, module, method)
  if not isUnused[name] then
    module[method or 'save']()
  end
end

-- Writes all changes of the verb, in this order. A module that was not used has none.
function transition.save()
  runTable.flush()
  write('create', create)
  readyTable.flush()
  write('edges', edges)
  write('repair', repair)
  write('historyTable', trim, 'grown')
  tables.trimRecentErrors()
  write('stepTable', stepTable)
  write('rows', rows)
  write('lockTable', lockTable)
  write('queueTable', queueTable)
  write('workerTable', workerTable)
  write('scheduleTable', scheduleTable)
  write('workflow', workflow)
  write('window', window)
end

-- Propagates ends to dependents within bounds, writes, and returns the reply.
function commit(value)
  engine.dependency.propagate(tables)
  transition.save()
  local reply = context.replyOf(value, effects.publish(true))
  if not aside.failure then
    context.remember(reply)
  end
  context.save()
  return aside.failure and error(aside.failure) or reply
end
